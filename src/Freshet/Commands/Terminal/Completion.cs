namespace Freshet.Commands.Terminal;

/// <summary>What could follow at the cursor.</summary>
/// <param name="Length">Characters before the cursor that the candidates continue.</param>
/// <param name="Candidates">Whole words, in order.</param>
internal readonly record struct Completion(int Length, IReadOnlyList<string> Candidates)
{
    /// <summary>What all candidates begin with.</summary>
    public string Common
    {
        get
        {
            if (Candidates.Count == 0) return "";
            var common = Candidates[0];
            foreach (var candidate in Candidates)
            {
                var same = 0;
                while (same < common.Length && same < candidate.Length && char.ToLowerInvariant(common[same]) == char.ToLowerInvariant(candidate[same])) same++;
                common = common[..same];
            }

            return common;
        }
    }
}
