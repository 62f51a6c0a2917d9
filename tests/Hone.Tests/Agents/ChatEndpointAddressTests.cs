using Hone.Agents.Chat;
using Hone.Core;

namespace Hone.Tests.Agents;

public class ChatEndpointAddressTests
{
    [Theory]
    [InlineData("hone:models/seed", "hone", "models/seed", null)]
    [InlineData("http://127.0.0.1:8080#m", "http", "http://127.0.0.1:8080/v1", "m")]
    [InlineData("http://host:1/v1/#a/b", "http", "http://host:1/v1", "a/b")]
    [InlineData("HTTPS://Host/api/v2#x%20y", "https", "https://host/api/v2", "x y")]
    public void Parts_of_an_endpoint(string endpoint, string scheme, string target, string? model) =>
        Assert.Equal(new ChatEndpointAddress(scheme, target, model), ChatEndpointAddress.Parse(endpoint));

    [Theory]
    [InlineData("models/seed", "is not an endpoint")]
    [InlineData("hone:", "names nothing")]
    [InlineData("http://host/v1", "names no model")]
    [InlineData("http://#m", "not a valid address")]
    [InlineData("https://user:key@host/v1#m", "holds a user or key")]
    public void What_is_wrong_with_an_endpoint(string endpoint, string problem) =>
        Assert.Contains(problem, Assert.Throws<HoneException>(() => ChatEndpointAddress.Parse(endpoint)).Message);

    [Fact]
    public void An_unknown_kind_is_named_with_the_known_ones() =>
        Assert.Contains("http", Assert.Throws<HoneException>(() => ChatEndpoints.Open("htp:x")).Message);
}
