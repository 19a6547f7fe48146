/** The page's style: plain, readable in light and dark, no font or picture from elsewhere. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d2329; --paper: #fff; --line: #d4d9de; --soft: #66707a;
  --slow: #7aa7d9; --natural: #4f9d69; --brisk: #c9a227; --fast: #d9772b; --over: #c23b3b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --paper: #15181b; --line: #343a40; --soft: #98a2ab; } }
body { margin: 0 auto; max-width: 1300px; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere; }
.verdict { font-weight: 600; margin: .2rem 0; } .about, .foot { color: var(--soft); }
td.passed, .verdict.passed { color: var(--natural); } td.missed, .verdict.missed { color: var(--over); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: start; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.buttons { white-space: nowrap; }
button { font: inherit; cursor: pointer; color: inherit; }
.lines button { border: 1px solid var(--line); background: none; border-radius: 4px; margin-inline-end: 4px; padding: 0 6px; }
button[aria-pressed] { outline: 2px solid var(--fast); }
tr.playing { background: color-mix(in srgb, var(--brisk) 18%, transparent); }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; flex: 1 1 420px; } figcaption { color: var(--soft); }
.histogram { width: 100%; height: auto; } .histogram rect { fill: var(--natural); }
.histogram text { font-size: 10px; fill: var(--soft); text-anchor: middle; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.axis { position: relative; overflow: hidden; width: 100%; min-width: 100%; }
.wave { display: block; width: 100%; height: 64px; } .wave path { fill: var(--soft); } .wave.dub path { fill: var(--slow); }
.lanes { position: relative; } .ruler { position: relative; height: 18px; border-block: 1px solid var(--line); }
.ruler span { position: absolute; font-size: 10px; color: var(--soft); padding-inline-start: 3px; border-inline-start: 1px solid var(--line); }
.block { position: absolute; height: 18px; margin: 2px 0; padding: 0; overflow: hidden; font-size: 10px; line-height: 18px;
  border: 0; border-radius: 3px; background: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; }
.key { padding: 0 .5rem; border-radius: 3px; color: #111; } .key.slow, .block.dub.slow { background: var(--slow); }
.key.natural, .block.dub.natural { background: var(--natural); } .key.brisk, .block.dub.brisk { background: var(--brisk); }
.key.fast, .block.dub.fast { background: var(--fast); } .key.over, .block.dub.over { background: var(--over); }
.block.dub { color: #111; } tr.over td:nth-child(2), tr.failed td:nth-child(2) { color: var(--over); font-weight: 600; }
#needle { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--over); pointer-events: none; }
@media print { .legend label, td.buttons, .foot { display: none; } }
`;
