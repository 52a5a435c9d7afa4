using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.Options;
using Xunit;

namespace Ephemeral.Tests;

public class OptionsTests
{
    [Theory]
    [InlineData("MaxBlob", "1048577")]
    [InlineData("MaxBlob", "0")]
    [InlineData("MaxGets", "0")]
    [InlineData("MaxAsks", "65")]
    [InlineData("MaxPages", "-1")]
    [InlineData("MaxParts", "47")]
    [InlineData("MaxPartsInAll", "0")]
    [InlineData("MaxVisitors", "0")]
    [InlineData("MaxVisitorsPerAddress", "0")]
    [InlineData("NewVisitorsPerSecond", "0")]
    [InlineData("NewVisitorsPerSecondPerAddress", "1000001")]
    [InlineData("RequestsPerSecondPerAddress", "0")]
    [InlineData("Proxies:0", "proxy.example")]
    [InlineData("Proxies:0", "10.0.0.0/33")]
    [InlineData("MaxQueuedBytes", "1")]
    [InlineData("MaxQueuedBytesInAll", "1048576")]
    [InlineData("BytesPerSecond", "1")]
    [InlineData("FirstMessageTime", "00:00:00")]
    [InlineData("AnswerTime", "02:00:00")]
    [InlineData("BlobMemory", "1024")]
    [InlineData("MessagesPerSecond", "0")]
    [InlineData("MessageBurst", "0")]
    [InlineData("SuccessorsPerMinute", "0")]
    [InlineData("VainGetsPerMinute", "0")]
    [InlineData("ProofBytesPerSecond", "1")]
    [InlineData("PingInterval", "00:00:00")]
    [InlineData("SilenceLimit", "02:00:00")]
    [InlineData("SilenceLimit", "00:00:10")]
    [InlineData("DrainTime", "-00:00:01")]
    [InlineData("ManagementUrl", "9090")]
    [InlineData("ManagementUrl", "https://+:9090")]
    [InlineData("AllowedOrigins:0", "example.org")]
    [InlineData("BlockedPages:0", "ABC")]
    [InlineData("BlockListFile", "/there/is/no/such/file")]
    [InlineData("ReportUrl", "javascript:alert(1)")]
    [InlineData("Pages:Lease", "00:00:00")]
    [InlineData("Pages:SweepEvery", "01:00:00")]
    [InlineData("Pages:TellEvery", "00:00:10")]
    public async Task A_value_out_of_range_stops_the_start_and_the_message_names_the_setting(string setting, string value)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var app = EphemeralWeb.Build(["--urls=http://127.0.0.1:0", $"--Ephemeral:{setting}={value}"]);
            await app.StartAsync();
        });
        Assert.Contains(setting.Split(':')[0] == "Pages" ? setting.Split(':')[1] : setting.Split(':')[0], failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_kind_of_silo_is_refused_with_the_kinds_there_are()
    {
        var failure = Assert.Throws<InvalidSettingException>(() => EphemeralWeb.Build(["--Ephemeral:Silo=somewhere"]));
        Assert.Contains("external", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Redis", "", "ConnectionString")]
    [InlineData("Redis", " ", "ConnectionString")]
    [InlineData("Postgres", "x", "Redis")]
    public void A_membership_store_that_cannot_be_used_is_refused_with_the_remedy(string provider, string connection, string remedy)
    {
        foreach (var silo in new[] { "embedded", "external" })
        {
            var failure = Assert.Throws<InvalidSettingException>(() => EphemeralWeb.Build(
                [$"--Ephemeral:Silo={silo}", $"--Orleans:Clustering:ProviderType={provider}", $"--Orleans:Clustering:ConnectionString={connection}"]));
            Assert.Contains(remedy, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_defaults_are_those_of_the_protocol()
    {
        var options = new WebOptions();
        Assert.Equal((1 << 20, 16, 8, 64), (options.MaxBlob, options.MaxGets, options.MaxAsks, options.MaxPages));
        Assert.Equal((25, 60), (options.PingInterval.TotalSeconds, options.SilenceLimit.TotalSeconds));
    }
}
