global using Hone.Core;
