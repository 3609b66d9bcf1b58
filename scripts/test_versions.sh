#!/bin/sh
# Run the quick tests with one Python on one set of versions.
# Usage: test_versions.sh UV PYTHON floors|newest
set -eu
uv=$1 python=$2 versions=$3

name=$("$python" -c 'import sys; print(".venv-%d.%d" % sys.version_info[:2])')-$versions
constraints=/dev/null
if [ "$versions" = floors ]; then constraints=scripts/floors.txt; fi

"$uv" venv --quiet --clear --python "$python" "$name"
"$uv" pip install --quiet --python "$name" --constraint "$constraints" \
	--editable . --group test
echo "$("$name/bin/python" --version), $versions:"
"$uv" pip list --quiet --python "$name" 2>/dev/null |
	grep -E '^(langchain-core|openai|pydantic|orjson) '
"$name/bin/python" -m pytest --quiet -m "not local_model" tests/unit tests/wire

# `register` reaches into langchain and Deep Agents, which are no dependencies and have
# floors of their own, below those of the tests.
if [ "$versions" = floors ]; then
	set -- langchain==1.2.15 deepagents==0.6.0
else
	set -- deepagents
fi
for package; do
	"$uv" pip install --quiet --upgrade --python "$name" \
		--constraint "$constraints" --editable . "$package"
	"$uv" pip list --quiet --python "$name" 2>/dev/null | grep -E '^(langchain|deepagents) '
	"$name/bin/python" -m pytest --quiet tests/unit/test_registration.py
done
