namespace Freshet.Server.Configuration;

/// <summary>Who holds a write key: a server may also read what its events changed, a browser reads nothing.</summary>
internal enum WriteKeyKind
{
    Browser,
    Server,
}

/// <summary>What becomes of track events that no CREATE EVENT names.</summary>
internal enum UnplannedEvents
{
    Allow,
    Warn,
    Block,
}

/// <summary>A write key as configured: events that come with it belong to <see cref="Source"/>.</summary>
internal sealed record WriteKeySettings(string Key, string Source, WriteKeyKind Kind, long? EventsPerSecond)
{
    /// <summary>Whether email, phone and external ids that come with it join profiles; null: a server's do, a browser's where no authentication is configured.</summary>
    public bool? MayJoin { get; init; }

    /// <summary>How many new people and devices a second it may bring; null for the default.</summary>
    public long? NewIdentifiersPerSecond { get; init; }
}

/// <summary>
/// What a project's freshet.json, the environment and the flags say together, every value with its default.
/// Filled by <see cref="SettingCatalog"/>; read-only afterwards.
/// </summary>
internal sealed class ProjectSettings
{
    /// <summary>The project's folder, absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>Every setting as it is in force, in its spelling, and where that comes from.</summary>
    public List<(Setting Setting, string Value, string From)> InForce { get; } = [];

    public string Listen { get; set; } = "";
    public int Port { get; set; }

    /// <summary>The data directory; relative paths are relative to the project's folder.</summary>
    public string Data { get; set; } = "";

    /// <summary>Threads of the engine; 0 is one for each core.</summary>
    public int Workers { get; set; }

    public List<WriteKeySettings> Keys { get; } = [];

    public int EventBytesMax { get; set; }
    public int BatchBytesMax { get; set; }
    public int BatchEventsMax { get; set; }
    public int DepthMax { get; set; }
    public int PropertiesMax { get; set; }
    public long EventsPerSecondMax { get; set; }
    public long NewIdentifiersPerSecondMax { get; set; }
    public int ConnectionsMax { get; set; }
    public long PendingBytesMax { get; set; }
    public TimeSpan QueryTimeMax { get; set; }
    public long QueryBytesMax { get; set; }
    public long StateBytesMax { get; set; }

    public TimeSpan WatermarkDelay { get; set; }
    public TimeSpan DedupWindow { get; set; }
    public long DedupBytesMax { get; set; }
    public TimeSpan? EventsRetention { get; set; }
    public long? EventsRetentionBytes { get; set; }
    public bool EventsAreCut => EventsRetention is not null || EventsRetentionBytes is not null;
    public bool EventsAreRelaxed { get; set; }
    public UnplannedEvents UnplannedEvents { get; set; }

    public string? ApiToken { get; set; }

    /// <summary>What a person types to log in to the console; the token does too.</summary>
    public string? ApiPassword { get; set; }
    public bool NeedsLogin => ApiToken is not null || ApiPassword is not null;
    public List<string> ApiOrigins { get; } = [];
    public List<string> ApiHosts { get; } = [];

    /// <summary>How long an anonymous profile stays without an event; null for ever.</summary>
    public TimeSpan? AnonymousTtl { get; set; }

    /// <summary>Traits and segments that a visitor's token shows.</summary>
    public List<string> ProfilesExposed { get; } = [];
    public bool BehindProxy { get; set; }
    public string? CertificatePath { get; set; }
    public string? CertificateKeyPath { get; set; }
    public string? CertificatePassword { get; set; }

    /// <summary>The data directory, absolute.</summary>
    public string DataDirectory => Path.GetFullPath(Path.Combine(Folder, Data));

    /// <summary>The folder of the project's SQL.</summary>
    public string SqlFolder => Path.Combine(Folder, "sql");
}
