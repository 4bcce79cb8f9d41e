"""Says what scripts/compare found: a table as text and as Markdown, and a plot."""

import html

START, END = "<!-- figures: written by scripts/compare --record -->", "<!-- end of figures -->"
PLOTTED = [
    ("XTS-AES-256, 4096-byte sectors, encrypt, 256 KiB in the cache", "256 KiB 4096 Encrypt"),
    ("XTS-AES-256, 512-byte sectors, encrypt, 256 KiB in the cache", "256 KiB 512 Encrypt"),
    ("File in the page cache, sequential read, one core", "read 1 MiB, 1 core"),
    ("Sequential read, the volume on two cores", "read 1 MiB, 2 cores"),
    ("Sequential write, one core", "write 1 MiB, 1 core"),
    ("Sequential write, the volume on two cores", "write 1 MiB, 2 cores"),
    ("Random reads of 4 KiB, one core", "random read 4 KiB, 1 core"),
]


def text(results):
    """The table for a terminal."""
    lines = [f"{name}: {value}" for name, value in facts(results)] + [""]
    width = max(len(row["what"]) for row in results["rows"])
    lines += [f"{row['what']:{width}}  {ratios(row):>14}  {target(row):>8}  {verdict(row)}" for row in results["rows"]]
    return "\n".join(lines)


def record(results, docs):
    """Writes the figures into performance.md between its markers, and the plot beside it."""
    page = docs / "performance.md"
    before, rest = page.read_text().split(START)
    after = rest.split(END)[1]
    page.write_text(before + START + "\n" + markdown(results) + END + after)
    (docs / "performance.svg").write_text(plot(results))


def markdown(results):
    lines = ["| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts(results)]
    lines += ["", "| what | measured | target | |", "|---|---|---|---|"]
    lines += [f"| {row['what']} | {ratios(row)} | {target(row)} | {verdict(row)} |" for row in results["rows"]]
    for place in ("256 KiB", "256 MiB"):
        lines += ["", *medians(results, place)]
    return "\n".join(lines) + "\n\n"


def medians(results, place):
    """A table of one place's kernel medians."""
    table = results["medians, GB/s"]
    cases = [case for case in table if case.startswith(place)]
    yield f"| {place}, GB/s | " + " | ".join(case.removeprefix(place).lower() for case in cases) + " |"
    yield "|---" * (len(cases) + 1) + "|"
    for name in results["versions"]:
        yield f"| {name} | " + " | ".join(f"{table[case][name]:.2f}" for case in cases) + " |"


def facts(results):
    versions = ", ".join(f"{name} {version.removeprefix(name).strip()}" for name, version in results["versions"].items() if not name.startswith("Tenlock"))
    return [*results["machine"].items(), ("rounds", results["rounds"]), ("peers", versions)]


def ratios(row):
    return " / ".join(f"{ratio:.3g}" for ratio in row["ratios"]) or "not measured"


def target(row):
    return f"{'≥' if row['at least'] else '≤'} {row['target']:g}"


def verdict(row):
    if not row["ratios"]:
        return ""
    met = min(row["ratios"]) >= row["target"] if row["at least"] else max(row["ratios"]) <= row["target"]
    return "met" if met else "MISSED"


def plot(results):
    """Horizontal bars, one group for each case, each group on a scale of its own."""
    label, bar, width, step = 190, 400, 680, 20
    shapes, y = [], 10
    for title, case in PLOTTED:
        contenders = results["medians, GB/s"].get(case)
        if not contenders:
            continue
        shapes.append(f'<text class="title" x="10" y="{y + 14}">{html.escape(title)}, GB/s</text>')
        y += 24
        longest = max(contenders.values())
        for name, speed in sorted(contenders.items(), key=lambda item: -item[1]):
            ours = "ours" if name.startswith(("Tenlock", "volume")) else "other"
            length = max(1, bar * speed / longest)
            shapes.append(f'<text x="{label - 8}" y="{y + 13}" text-anchor="end">{html.escape(name)}</text>')
            shapes.append(f'<rect class="{ours}" x="{label}" y="{y + 2}" width="{length:.1f}" height="{step - 5}" rx="2"/>')
            shapes.append(f'<text x="{label + length + 6:.1f}" y="{y + 13}">{speed:.2f}</text>')
            y += step
        y += 14
    machine = results["machine"]
    shapes.append(f'<text class="note" x="10" y="{y + 10}">{html.escape(machine["processor"])}; {machine["date"]}; medians of {results["rounds"]} rounds</text>')
    style = (
        "text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}"
        ".note{fill:#57606a}.ours{fill:#0b6e4f}.other{fill:#a8b3bf}"
    )
    size = f'width="{width}" height="{y + 24}" viewBox="0 0 {width} {y + 24}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Speed of Tenlock and its peers">'
    return "\n".join([head, f"<style>{style}</style>", '<rect width="100%" height="100%" fill="#fff"/>', *shapes, "</svg>\n"])
