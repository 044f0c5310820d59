"""What people and machines read of a release: the data card and the Croissant metadata.

Every word of a project's own is shown as text: on a card it can be no markup, no link and no YAML.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC

from scuderia.datasets.engine.release_exports import (
    OPENAI_PREFERENCE,
    TRL_PREFERENCE,
    TRL_UNPAIRED,
)
from scuderia.datasets.engine.release_facts import ReleaseFacts
from scuderia.datasets.engine.release_manifest import ReleaseFile
from scuderia.datasets.engine.release_table import DATA_FILE

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$:@/])")
_LINE_MAX = 4_000
_VALUES_MAX = 50
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_FIELDS = (
    ("key", "sc:Text", "The item's key, unique in the release."),
    ("kind", "sc:Text", "What was asked of it: pairwise, label, rating or ranking."),
    ("prompt", "sc:Text", "What the texts answer."),
    ("value", "sc:Text", "a, b or tie of a pair; the label of a labelled item."),
    ("rating", "sc:Float", "The number of a rated item."),
    ("confidence", "sc:Float", "From 0 to 1, by the aggregator."),
)
_LISTS = (
    ("texts", "sc:Text", "The texts, in the order of a, b."),
    ("order", "sc:Integer", "The places of the texts from 0, best first, of a ranked item."),
    ("judgments", "sc:Text", "Identities of the judgments behind the value."),
    ("decisions", "sc:Text", "Identities of the decisions behind the value."),
)
_CONTEXT: Mapping[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def data_card(facts: ReleaseFacts, version: str, rows: int, undecided: int) -> str:
    """Return README.md: the Hub's YAML before a card for people."""
    named = f"Release {_shown(facts.label)} of {_shown(facts.project)}, `{version}`"
    made = facts.created_at.astimezone(UTC)
    sections = [
        f"# {_shown(facts.title)}",
        f"{named}: {rows:,} rows, {facts.kind}. Made {made:%Y-%m-%d %H:%M} UTC.",
        _told("How the rows were chosen", facts.query),
        _told("Rubric", f"{facts.rubric} (version {facts.rubric_version})"),
        _told("Guideline versions", ", ".join(facts.guideline_versions)),
        _told("Aggregator", _aggregator(facts)),
        _told("Collection", facts.collected),
        _told("Contributors", facts.contributors),
        _table("Counts", ("what", "how many"), _counted(facts.counts)),
        _table("Figures", ("what", "figure"), sorted((facts.figures or {}).items())),
        *(
            _table(f"Taxonomy: {_shown(name)}", ("value", "rows"), _counted(of))
            for name, of in sorted(facts.taxonomies.items())
        ),
        _told("Decontamination", _decontamination(facts)),
        _told("Known biases", facts.biases or "None stated."),
        _told("Limits", facts.limits or "None stated."),
        "## Files\n\n"
        f"- `{DATA_FILE}`: every row, with its votes and its lineage\n"
        + "".join(
            f"- `{path}`: preferences; {undecided:,} rows prefer nothing and have no line\n"
            for path in (TRL_PREFERENCE, TRL_UNPAIRED, OPENAI_PREFERENCE)
        )
        + "- `row-hashes.jsonl`: the SHA-256 of each row's canonical JSON\n"
        "- `manifest.json`: each file's SHA-256, and the root over the facts and the rows\n\n"
        "`scuderia datasets verify DIR` checks all of it and names the row that differs.",
    ]
    return _front_matter(facts, rows) + "\n\n".join(one for one in sections if one) + "\n"


def croissant(facts: ReleaseFacts, version: str, rows: int, files: Sequence[ReleaseFile]) -> str:
    """Return the release as Croissant 1.1 with the responsible-AI vocabulary, JSON-LD."""
    label = facts.label if re.fullmatch(r"\d+\.\d+\.\d+", facts.label) else "1.0.0"
    told: dict[str, object] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": facts.project,
        "description": f"{facts.title}: {rows:,} rows, release {facts.label}, {version}.",
        "alternateName": version,
        "version": label,
        "license": facts.license,
        "url": f"urn:scuderia:release:{version}",
        "creator": {"@type": "sc:Organization", "name": facts.creator or facts.project},
        "datePublished": facts.created_at.astimezone(UTC).date().isoformat(),
        "citeAs": f"{facts.title}, release {facts.label} ({version})",
        "isLiveDataset": False,
        **({"inLanguage": list(facts.languages)} if facts.languages else {}),
        **_responsible(facts),
        "distribution": [_distributed(one) for one in files],
        "recordSet": [
            _record_set("rows", DATA_FILE, _FIELDS, _LISTS),
            _record_set("preferences", TRL_PREFERENCE, _texts("prompt", "chosen", "rejected")),
            _record_set(
                "unpaired",
                TRL_UNPAIRED,
                (*_texts("prompt", "completion"), ("label", "sc:Boolean", "Whether preferred.")),
            ),
        ],
    }
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _responsible(facts: ReleaseFacts) -> dict[str, object]:
    """Return what of the facts the responsible-AI vocabulary has a word for."""
    items, judgments = facts.counts.get("items", 0), facts.counts.get("judgments", 0)
    told = {
        "dataCollection": facts.collected,
        "dataCollectionType": "Crowdsourcing: human judgments",
        "dataAnnotationProtocol": f"{facts.rubric} (rubric version {facts.rubric_version}; "
        f"guideline versions {', '.join(facts.guideline_versions) or 'none'})",
        "annotationsPerItem": f"{judgments / items:.2f} on average" if items and judgments else "",
        "annotatorDemographics": facts.contributors,
        "dataAnnotationAnalysis": "; ".join(
            [_aggregator(facts), *(f"{n}: {v}" for n, v in sorted((facts.figures or {}).items()))]
        ),
        "dataPreprocessingProtocol": _decontamination(facts),
        "dataBiases": facts.biases,
        "dataLimitations": facts.limits,
        "dataReleaseMaintenancePlan": "Each release stands as it is under its version; what "
        "changes is released under another.",
    }
    return {f"rai:{name}": text for name, text in told.items() if text}


def _distributed(one: ReleaseFile) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": one.path,
        "name": one.path,
        "contentUrl": one.path,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": "application/x-parquet"
        if one.path.endswith(".parquet")
        else "application/jsonlines",
        "sha256": one.sha256,
    }


def _record_set(
    name: str,
    path: str,
    fields: Iterable[tuple[str, str, str]],
    lists: Iterable[tuple[str, str, str]] = (),
) -> dict[str, object]:
    told = [(*one, False) for one in fields] + [(*one, True) for one in lists]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": description,
                "dataType": kind,
                **({"isArray": True, "arrayShape": "-1"} if is_list else {}),
                "source": {"fileObject": {"@id": path}, "extract": {"column": column}},
            }
            for column, kind, description, is_list in told
        ],
    }


def _texts(*names: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, "sc:Text", f"The {name}.") for name in names)


def _front_matter(facts: ReleaseFacts, rows: int) -> str:
    """Return the Hub's YAML; a JSON string is a YAML string, so no text is more than that."""
    size = next((said for bound, said in _SIZES if rows < bound), "1M<n<10M")
    lines = [
        "---",
        f"pretty_name: {json.dumps(facts.title)}",
        f"license: {json.dumps(facts.license)}",
    ]
    if facts.languages:
        lines += ["language:", *(f"- {json.dumps(one)}" for one in facts.languages)]
    lines += ["size_categories:", f"- {size}"]
    # The Hub reads every configuration of a folder in one format: the exports are none.
    lines += ["configs:", "- config_name: default", "  data_files:", "  - split: train"]
    lines.append("    path: data/train-*.parquet")
    return "\n".join([*lines, "---", "", ""])


def _told(heading: str, text: str) -> str:
    return f"## {heading}\n\n{_shown(text)}" if text else ""


def _table(heading: str, names: tuple[str, str], rows: Sequence[tuple[str, object]]) -> str:
    if not rows:
        return ""
    lines = [f"| {_shown(one)} | {_shown(str(other))} |" for one, other in rows[:_VALUES_MAX]]
    if len(rows) > _VALUES_MAX:
        lines.append(f"| and {len(rows) - _VALUES_MAX:,} more | in `manifest.json` |")
    return "\n".join([f"## {heading}", "", f"| {names[0]} | {names[1]} |", "|---|---|", *lines])


def _counted(counts: Mapping[str, int]) -> list[tuple[str, object]]:
    """Return the most first, ties by name."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(name, f"{count:,}") for name, count in ordered]


def _aggregator(facts: ReleaseFacts) -> str:
    given = ", ".join(f"{name} {facts.parameters[name]}" for name in sorted(facts.parameters))
    return f"{facts.aggregator} ({given}{', ' if given else ''}seed {facts.seed})"


def _decontamination(facts: ReleaseFacts) -> str:
    proof = facts.decontamination
    if proof is None:
        return ""
    against = "; ".join(
        f"{one.name} ({one.items:,} items, sha256 {one.sha256})" for one in proof.sets
    )
    return (
        f"{proof.method} at {proof.threshold}: {proof.compared:,} items held against {against}; "
        f"{len(proof.removed):,} taken out"
    )


def _shown(text: str) -> str:
    """Return text on one line in which Markdown and HTML find no mark of theirs."""
    line = " ".join(text[:_LINE_MAX].split())
    kept = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line
    )
    plain = kept.replace("&", "&amp;").replace("<", "&lt;")
    return _MARKS.sub(r"\\\1", plain) + ("…" if len(text) > _LINE_MAX else "")
