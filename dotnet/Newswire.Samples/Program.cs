// Reads every sample as its kind's record and writes it again, without reflection on the way: the same
// JSON, and nothing among the unknown fields. A program, not a test project: it needs no package.

using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Newswire;

var types = typeof(IPayload).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IPayload)))
    .ToDictionary(type => (string)type.GetProperty(nameof(IPayload.EventKind))!.GetValue(null)!);
var samples = JsonNode.Parse(File.ReadAllText(args[0]))!.AsArray();
var wrong = 0;

void Check(bool holds, string what)
{
    if (holds) return;
    wrong++;
    Console.Error.WriteLine(what);
}

foreach (var sample in samples)
{
    var kind = (string)sample!["kind"]!;
    var info = PayloadJson.Default.GetTypeInfo(types[kind])!;
    var payload = (OpenRecord)JsonSerializer.Deserialize(sample["payload"], info)!;
    Check(payload.Extra is null, $"{kind}: {payload.Extra?.Keys.FirstOrDefault()} is unknown");
    Check(JsonNode.DeepEquals(JsonSerializer.SerializeToNode(payload, info), sample["payload"]), $"{kind}: not the same again");
}

var later = JsonSerializer.Deserialize("""{"name":"search","later":[1]}""", PayloadJson.Default.ToolCallStarted)!;
Check(JsonSerializer.Serialize(later, PayloadJson.Default.ToolCallStarted) == """{"name":"search","later":[1]}""", "unknown fields are lost");
try
{
    JsonSerializer.Deserialize("{}", PayloadJson.Default.ToolCallStarted);
    Check(false, "a required field that is missing is no error");
}
catch (JsonException)
{
}

Console.WriteLine($"{samples.Count} samples read and written again, {wrong} mistakes");
return wrong == 0 && samples.Count == types.Count ? 0 : 1;
