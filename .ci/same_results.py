#!/usr/bin/env python3
"""Results of one behaviour have one digest, whatever the seed, and the shape that is published."""

import json
import sys
from pathlib import Path

import jsonschema

SCHEMA = json.loads(Path(__file__).resolve().parent.parent.joinpath("docs/results.schema.json").read_text())


def main(paths):
    results = [json.loads(Path(path).read_text()) for path in paths]
    for result in results:
        jsonschema.validate(result, SCHEMA)
    seeds, digests = {result["seed"] for result in results}, {result["digest"] for result in results}
    print(f"seeds {sorted(seeds)}: digests {sorted(digests)}")
    return 0 if len(seeds) == len(results) and len(digests) == 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
