# What a developer needs; the pieces are cargo's and `cargo xtask`'s.

SESSION := ../shared/data/pi_coding_sessions/large-session.jsonl
SMALL_RUN := target/small-run.jsonl

.PHONY: demo test bench fmt lint tools

# A recorded run of a real agent, played through a bus; without it, a small run that is recorded first.
demo: tools
	@if [ -f $(SESSION) ]; then \
		cargo run --quiet --package newswire-cli -- play $(SESSION); \
	else \
		echo "$(SESSION) is missing: playing a small run recorded just now" >&2; \
		mkdir -p target && cargo run --quiet --package newswire-cli --example small_run -- $(SMALL_RUN) && \
		cargo run --quiet --package newswire-cli -- play $(SMALL_RUN); \
	fi

test: tools
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --workspace; \
	else \
		cargo test --workspace --lib --bins --tests --examples; \
	fi
	cargo test --workspace --doc
	cargo test --package newswire --features loom --lib models

# All goals for speed, beside their peers: JSON lines on standard output, tables on standard error.
bench: tools
	cargo xtask bench

fmt: tools
	cargo fmt

lint: tools
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo xtask check

# All that is needed as long as everything is Rust; the bindings will add Python 3.11 and Node 20.
tools:
	@missing=; \
	need() { command -v "$$1" >/dev/null 2>&1 || { echo "$$1 is missing: $$2" >&2; missing=1; }; }; \
	need git "any version, from your system's packages"; \
	need cc "a C compiler, from your system's packages: it links Rust programs"; \
	need cargo "Rust $$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later, from rustup.rs"; \
	test -z "$$missing"
