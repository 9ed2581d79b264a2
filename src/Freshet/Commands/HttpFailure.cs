namespace Freshet.Commands;

/// <summary>Why a request failed, in words: what lies under the exceptions of HttpClient.</summary>
internal static class HttpFailure
{
    public static string Reason(Exception failure)
    {
        var inner = failure;
        while (inner.InnerException is { } next) inner = next;
        return inner is System.Security.Authentication.AuthenticationException && inner.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase)
            ? inner.Message.TrimEnd('.') + "; a certificate of your own is trusted with SSL_CERT_FILE=<its .pem>"
            : inner.Message.TrimEnd('.');
    }
}
