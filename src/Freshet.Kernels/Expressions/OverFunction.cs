namespace Freshet.Kernels.Expressions;

/// <summary>The functions of OVER.</summary>
public enum OverFunction
{
    /// <summary>An aggregate over the frame.</summary>
    Aggregate,
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    NTile,
    Lag,
    Lead,

    /// <summary>The first value of the frame that is not NULL.</summary>
    FirstValue,
    LastValue,
    NthValue,
}
