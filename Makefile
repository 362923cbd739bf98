# What a developer needs; the pieces are cargo's and `cargo xtask`'s.

DATA := ../shared/data
SESSION := $(DATA)/pi_coding_sessions/large-session.jsonl
SMALL_RUN := target/small-run.jsonl
DEMO := target/demo
MODULE := python/newswire/_native.abi3.so
WHEEL := dist

# Where a .NET 10 SDK may lie besides the PATH; use.sh unpacks it into the user's cache folder once.
DOTNET_BUNDLE := ../shared/dotnet/use.sh

.PHONY: demo test bench fmt lint generated dotnet native python wheel tools languages

# Imports every recorded set, plays one, sums all up and shows one tree; then records them all into one store, lists
# its runs and shows one. Without the sets, a small run is recorded first. At last an agent in Python runs, is stored
# and shown.
demo: tools native
	@cargo build --quiet --package newswire-cli
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@run() { printf '\n$$ newswire %s\n' "$$*"; target/debug/newswire "$$@"; }; \
	session=$(SESSION); \
	if [ ! -f "$$session" ]; then \
		echo "$$session is missing: a small run is recorded and taken instead" >&2; \
		session=$(SMALL_RUN); \
		cargo run --quiet --package newswire-cli --example small_run -- "$$session"; \
		run import "$$session" -o $(DEMO)/small-run.ndjson; \
	fi; \
	for set in $(DATA)/*/; do \
		set=$${set%/}; name=$${set##*/}; \
		[ -d "$$set" ] || continue; \
		find "$$set" -type f ! -name SOURCE.txt | LC_ALL=C sort > $(DEMO)/files; \
		: > $(DEMO)/known; \
		while IFS= read -r file; do \
			if target/debug/newswire grep -c '*' "$$file" >/dev/null 2>$(DEMO)/said; then echo "$$file" >> $(DEMO)/known; \
			else sed "s|^newswire: ||" $(DEMO)/said | tee -a $(DEMO)/unknown >> $(DEMO)/skipped; fi; \
		done < $(DEMO)/files; \
		if [ -s $(DEMO)/unknown ]; then \
			echo "skipped: $$(wc -l < $(DEMO)/unknown) files of $$name, of formats that are not read; they are listed in $(DEMO)/skipped" >&2; \
			rm $(DEMO)/unknown; \
		fi; \
		if [ -s $(DEMO)/known ]; then \
			printf '\n$$ newswire import %s/... -o %s\n' "$$set" "$(DEMO)/$$name.ndjson.zst"; \
			tr '\n' '\0' < $(DEMO)/known | xargs -0 target/debug/newswire import -o "$(DEMO)/$$name.ndjson.zst" || exit 1; \
		fi; \
	done; \
	run play "$$session" --text || exit 1; \
	for recording in $(DEMO)/*.ndjson*; do run stats "$$recording" --text || exit 1; done; \
	printf '\n$$ newswire show %s | head -40\n' "$$session"; target/debug/newswire show "$$session" --text | head -40; \
	run record $(DEMO)/*.ndjson* -o $(DEMO)/events.db --text || exit 1; \
	printf '\n$$ newswire ls %s | tail -40\n' $(DEMO)/events.db; target/debug/newswire ls $(DEMO)/events.db --text | tail -40; \
	largest=$$(target/debug/newswire ls $(DEMO)/events.db --json | sed 's/.*"run":"\([^"]*\)".*"events":\([0-9]*\).*/\2 \1/' | sort -n | tail -1 | cut -d' ' -f2-); \
	printf '\n$$ newswire show %s %s | head -40\n' $(DEMO)/events.db "$$largest"; target/debug/newswire show $(DEMO)/events.db "$$largest" --text | head -40; \
	run verify $(DEMO)/events.db --text || exit 1; \
	printf '\n$$ python examples/demo_agent/agent.py %s\n' $(DEMO)/agent.db; \
	PYTHONPATH=python python3 examples/demo_agent/agent.py $(DEMO)/agent.db || exit 1; \
	run ls $(DEMO)/agent.db --text || exit 1; \
	last=$$(target/debug/newswire ls $(DEMO)/agent.db --json | sed 's/.*"run":"\([^"]*\)".*/\1/' | tail -1); \
	run show $(DEMO)/agent.db "$$last" --text

test: tools generated python
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --workspace; \
	else \
		cargo test --workspace --lib --bins --tests --examples; \
	fi
	cargo test --workspace --doc
	cargo test --package newswire --features loom --lib models

# The native module of Python, beside the package that imports it; put there at once, since programs may have it open.
native: tools languages
	@cargo build --quiet --package newswire-python
	@for library in target/debug/libnewswire_python.so target/debug/libnewswire_python.dylib; do \
		if [ -f $$library ] && ! cmp -s $$library $(MODULE); then cp $$library $(MODULE).new && mv $(MODULE).new $(MODULE); fi; \
	done

# What Python's programs see: tests of the package, and a wheel that works where nothing else is.
python: native .venv/ready
	cd python && ../.venv/bin/python -m pytest --quiet tests
	$(MAKE) --no-print-directory wheel WHEEL=dev

# The wheel, built as it is shipped, is at most 8 MiB, and the README's Python does what it says in an environment that has
# nothing else. Tests try a quick build.
wheel: .venv/ready
	@rm -rf target/wheels target/wheel-venv
	@cd python && ../.venv/bin/maturin build --quiet --out ../target/wheels --profile $(WHEEL)
	@test $(WHEEL) != dist || test "$$(wc -c < "$$(ls target/wheels/*.whl)")" -le 8388608 || { echo "the wheel is larger than 8 MiB" >&2; exit 1; }
	@python3 -m venv target/wheel-venv
	@target/wheel-venv/bin/pip install --quiet --disable-pip-version-check target/wheels/*.whl
	@sed -n '/^```python$$/,/^```$$/{/^```/!p;}' README.md > target/first-minute.py
	@cd target && wheel-venv/bin/python first-minute.py > first-minute.txt && grep -q '✓ *tool.call *forecast' first-minute.txt || \
		{ cat target/first-minute.txt >&2; echo "the README's Python doesn't show a run where only the wheel is" >&2; exit 1; }

# All goals for speed, beside their peers: JSON lines on standard output, tables on standard error.
bench: tools
	cargo xtask bench

fmt: tools
	cargo fmt

lint: tools generated
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo xtask check

# What is made of the catalogue is fresh, and what each language's own strictest checker accepts.
generated: tools languages .venv/ready node/node_modules/ready dotnet native
	cargo xtask codegen --check
	cd python && ../.venv/bin/mypy --strict newswire tests && ../.venv/bin/python -m mypy.stubtest newswire._native --concise
	cd python && ../.venv/bin/ruff check . && ../.venv/bin/ruff format --check .
	cd node && node_modules/.bin/tsc --project . && node --test --test-reporter=dot tests/samples.js

.venv/ready: python/requirements.txt python/requirements-adapters.txt | languages
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check \
		--requirement python/requirements.txt --requirement python/requirements-adapters.txt
	touch $@

node/node_modules/ready: node/package.json node/package-lock.json | languages
	cd node && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# C# is compiled, and reads all samples, wherever a .NET 10 SDK is found.
dotnet:
	@has() { "$$1" --list-sdks 2>/dev/null | grep -q '^10[.]'; }; \
	if ! has dotnet && has "$$DOTNET_ROOT/dotnet"; then PATH="$$DOTNET_ROOT:$$PATH"; fi; \
	if ! has dotnet && [ -x $(DOTNET_BUNDLE) ]; then settings=$$($(DOTNET_BUNDLE)) && eval "$$settings"; fi; \
	if has dotnet; then \
		MSBUILDDISABLENODEREUSE=1 dotnet run --project dotnet/Newswire.Samples -p:UseSharedCompilation=false \
			-- tests/conformance/samples.json; \
	else \
		echo "SKIPPED: C#, since no .NET 10 SDK is on the PATH, in DOTNET_ROOT or in $(dir $(DOTNET_BUNDLE))" >&2; \
	fi

# All that Rust needs.
tools:
	@missing=; \
	need() { command -v "$$1" >/dev/null 2>&1 || { echo "$$1 is missing: $$2" >&2; missing=1; }; }; \
	need git "any version, from your system's packages"; \
	need cc "a C compiler, from your system's packages: it links Rust programs"; \
	need cargo "Rust $$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later, from rustup.rs"; \
	test -z "$$missing"

# What the other languages' checkers need; they themselves are fetched. A .NET 10 SDK is welcome, not needed.
languages:
	@missing=; \
	python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python is missing: 3.11 or later as python3, with venv, from your system's packages" >&2; missing=1; }; \
	node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 || \
		{ echo "Node is missing: 20 or later, with npm, from nodejs.org" >&2; missing=1; }; \
	test -z "$$missing"
