// The style of a run's page. Two sets of colours, each readable on its ground (contrast of text 4.5 at least).
#pragma once

namespace retort::cli {

inline constexpr const char* kPageStyle = R"(
:root { color-scheme: light dark; --ground: #fff; --text: #1c1e21; --faint: #5c636b; --line: #d5d9de; --box: #f5f6f8;
  --c0: #0b62c4; --c1: #a8480a; --c2: #1a7a3c; --c3: #8a2f9e; --c4: #b0243a; --c5: #0a7379; --c6: #6d5a00; --c7: #555;
  --bad: #b0243a; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181b; --text: #e6e8ea; --faint: #a0a7af; --line: #3a3f45;
  --box: #212429; --c0: #6db1ff; --c1: #f0a060; --c2: #6fcf8f; --c3: #d49be4; --c4: #ff8a96; --c5: #5fd0d6; --c6: #d8c25a;
  --c7: #b5b5b5; --bad: #ff8a96; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: .4rem 0; max-width: 50rem; } .faint, figcaption { color: var(--faint); }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--box); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem; min-width: 8rem; }
.tiles strong { display: block; font-size: 1.35rem; font-weight: 600; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-size: .92rem; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; } thead th { color: var(--faint); font-weight: 500; } tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
svg text { fill: var(--text); font-size: 12px; } svg text.faint { fill: var(--faint); font-size: 11px; }
.grid { stroke: var(--line); }
.line path { fill: none; stroke: currentColor; stroke-width: 2; } .line circle { fill: currentColor; }
.colour0 { color: var(--c0); } .colour1 { color: var(--c1); } .colour2 { color: var(--c2); } .colour3 { color: var(--c3); }
.colour4 { color: var(--c4); } .colour5 { color: var(--c5); } .colour6 { color: var(--c6); } .colour7 { color: var(--c7); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .3rem 0; padding: 0; list-style: none; font-size: .9rem; }
.swatch { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; background: currentColor; }
.record { background: var(--box); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; margin: .75rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9rem; margin: .4rem 0; }
.text b { font-weight: 400; border-bottom: 2px solid currentColor; } .text del { color: var(--bad); opacity: .85; }
)";

}  // namespace retort::cli
