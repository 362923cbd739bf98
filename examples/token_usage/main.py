"""Tokens and cost by model, provider, agent and run.

Totals include their parts: what came from the cache is input, reasoning is output. So nothing counts twice.
"""

import newswire
from newswire import UsageMeter
from newswire.payloads import Usage

bus = newswire.Bus()
# US dollars for a million tokens. Calls that tell what they cost need no price.
meter = bus.watch(UsageMeter(prices={"*": {"input": 3.0, "output": 15.0, "cache_read": 0.3}}))

for run, agent in (("r-1", "planner"), ("r-1", "writer"), ("r-2", "writer")):
    emitter = bus.emitter(run_id=run, agent_id=agent)
    usage = Usage(input_tokens=1_000, output_tokens=120, cache_read_tokens=800, reasoning_tokens=50)
    emitter.model_call("claude", "anthropic").complete(usage)
# What the provider answered with counts, not what was asked for.
call = bus.emitter().model_call("gpt-5", "openai")
call.complete(Usage(input_tokens=500, output_tokens=20), response_model="gpt-5-mini")

known = meter.snapshot()
for what, groups in (("model", known.by_model), ("agent", known.by_agent), ("run", known.by_run)):
    for name, tally in groups.items():
        print(f"{what} {name}: {tally.input_tokens} in, {tally.output_tokens} out")
total = known.total
print(
    f"in all {total.calls} calls, {total.tokens} tokens, {total.cache_read_tokens} of them cached,"
    f" ${total.priced_usd:.4f}"
)
