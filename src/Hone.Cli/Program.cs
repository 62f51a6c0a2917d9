using Hone.Cli;

return CliApp.RunProcess(args);
