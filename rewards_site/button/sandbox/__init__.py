"""A local Button, wire-faithful, deterministic for a seed; standard library, never our client.

`records` and `world` are what Button knows; `life` and `shoppers` make things happen in it; `wire`
spells it as Button does; `api` (its routes in `billing`, `brand_lists`, `links`, `offers`),
`control` and `faults` answer requests; `sender` posts webhooks; `running` puts it together:
`with running_sandbox(seed=7) as sandbox: sandbox.url`.
"""
