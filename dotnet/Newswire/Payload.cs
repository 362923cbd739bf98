// What the generated payloads have in common: their kind, and fields that this version doesn't know.

using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Newswire;

/// <summary>What an event says; a type of its own for each kind.</summary>
public interface IPayload
{
    /// <summary>The kind of the events that carry it.</summary>
    static abstract string EventKind { get; }
}

/// <summary>A record that keeps the fields it doesn't know, and writes them again.</summary>
public abstract record OpenRecord
{
    /// <summary>The fields that this version doesn't know, by their names on the wire.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }
}
