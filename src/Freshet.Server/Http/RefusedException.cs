namespace Freshet.Server.Http;

/// <summary>A request that turns out deep inside not to be served now: what is to be answered.</summary>
internal sealed class RefusedException(Refusal refusal) : Exception(refusal.Message)
{
    public Refusal Refusal { get; } = refusal;
}
