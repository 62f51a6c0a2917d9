using Hone.Server.Generation;
using Hone.Server.Http;

namespace Hone.Tests.Server;

public sealed class AdmissionTests
{
    [Fact]
    public async Task First_come_first_served_within_places_and_room()
    {
        Admission admission = new(maxSequences: 2, maxBytes: 100, maxWaiting: 2);
        IDisposable first = await admission.EnterAsync(1, 60, default), second = await admission.EnterAsync(1, 40, default);
        Task<Admission.Place> large = admission.EnterAsync(1, 70, default), small = admission.EnterAsync(1, 10, default);
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => admission.EnterAsync(1, 1, default));
        Assert.Equal((429, 2), (refused.Status, refused.RetryAfter));
        second.Dispose();
        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted); // it does not overtake
        first.Dispose();
        first.Dispose(); // twice does no harm
        (await large).Dispose();
        (await small).Dispose();
        Assert.Equal((0, 0), (admission.Inside, admission.Waiting));
    }

    [Fact]
    public async Task Room_given_back_lets_the_next_in()
    {
        Admission admission = new(4, 100, 10);
        Admission.Place first = await admission.EnterAsync(1, 90, default);
        Task<Admission.Place> second = admission.EnterAsync(1, 40, default);
        first.Shrink(95); // more than it has: nothing happens
        first.Shrink(70);
        Assert.False(second.IsCompleted);
        first.Shrink(60);
        Assert.Equal(100, admission.Bytes);
        (await second).Dispose();
        first.Dispose();
        first.Shrink(0); // too late
        Assert.Equal((0, 0L), (admission.Inside, admission.Bytes));
    }

    [Fact]
    public async Task Who_gives_up_waiting_lets_the_next_in()
    {
        Admission admission = new(4, 100, 10);
        IDisposable first = await admission.EnterAsync(1, 50, default);
        using CancellationTokenSource stop = new();
        Task<Admission.Place> large = admission.EnterAsync(1, 80, stop.Token), small = admission.EnterAsync(1, 20, default);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
        first.Dispose();
        Assert.Equal(0, admission.Inside);
    }
}
