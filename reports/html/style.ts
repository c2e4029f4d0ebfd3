/** The page's style sheet. Colours are never the only sign; text keeps a contrast of at least 4.5 to its ground, light and dark. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f7f6f3; --paper: #fffefc; --raised: #fff; --ink: #1c2024; --soft: #5a6169; --hair: #e3e0d9; --edge: #cbc7bd; --link: #1b5e8c; --focus: #1769aa;
  --covered: #1d6f47; --covered-tint: #e6f2ea; --missing: #ad2a20; --missing-tint: #fbeae7; --partial: #8a5300; --partial-tint: #fbf1de;
  --unknown: #5646a8; --unknown-tint: #eeebf9; --unobservable: #7a3b6c; --unobservable-tint: #f6eaf3; --na: #5f666d; --na-tint: #efeeeb;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #131619; --paper: #1a1e22; --raised: #20252a; --ink: #e5e7e9; --soft: #a0a8b0; --hair: #2b3137; --edge: #434b53; --link: #86bfe8; --focus: #7cc0f5;
    --covered: #74cf9b; --covered-tint: #18301f; --missing: #ff9288; --missing-tint: #3b1c1a; --partial: #efb65c; --partial-tint: #35270f;
    --unknown: #b9adff; --unknown-tint: #272340; --unobservable: #e3a4d3; --unobservable-tint: #35202f; --na: #a3abb2; --na-tint: #262b30;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 14px/1.5 var(--sans); color: var(--ink); background: var(--ground); scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body { margin: 0; font-variant-numeric: tabular-nums; }
h1, h2, h3, h4, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 2.15rem; line-height: 1.15; letter-spacing: -.022em; font-weight: 650; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.2rem; line-height: 1.3; letter-spacing: -.011em; font-weight: 650; margin-bottom: .75rem; }
h3 { font-size: 1rem; line-height: 1.5; font-weight: 600; overflow-wrap: anywhere; }
h4 { font-size: .75rem; line-height: 1.3; font-weight: 650; color: var(--soft); margin: 1.35rem 0 .5rem; text-transform: uppercase; letter-spacing: .055em; }
h2 .note, h4 .note { font-weight: 400; letter-spacing: 0; text-transform: none; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: 1px; }
code, pre, .part, .witness dd, .name, .hops, .inside, .accounts { font-family: var(--mono); font-size: .86em; unicode-bidi: isolate; overflow-wrap: anywhere; }
.note { color: var(--soft); font-size: .86rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.symbols { display: none; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 9; background: var(--ink); color: var(--paper); padding: .5rem .9rem; border-radius: 0 0 6px 6px; }
.skip:focus { top: 0; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.paper { display: none; }

.sign, .icon { width: 1.15em; height: 1.15em; flex: none; vertical-align: -.2em; }
.fill { fill: currentColor; }
.ink { fill: none; stroke: var(--paper); stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.ring, .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.line.heavy { stroke-width: 2.4; }
.dashes { stroke-dasharray: 2.4 2.3; }
.wedge { fill: currentColor; opacity: .18; }
.is-covered { --tone: var(--covered); --tint: var(--covered-tint); }
.is-missing { --tone: var(--missing); --tint: var(--missing-tint); }
.is-partial { --tone: var(--partial); --tint: var(--partial-tint); }
.is-unknown { --tone: var(--unknown); --tint: var(--unknown-tint); }
.is-unobservable { --tone: var(--unobservable); --tint: var(--unobservable-tint); }
.is-not-applicable { --tone: var(--na); --tint: var(--na-tint); }
.verdict { display: inline-flex; align-items: center; gap: .4em; color: var(--tone); font-weight: 600; white-space: nowrap; }
.severity { font-size: .8rem; color: var(--soft); white-space: nowrap; }
.severity.at-critical, .severity.at-high { color: var(--ink); font-weight: 600; }

.top { position: sticky; top: 0; z-index: 5; background: color-mix(in srgb, var(--ground) 94%, transparent); border-bottom: 1px solid var(--hair); backdrop-filter: blur(6px); }
.inner { max-width: 1240px; margin: 0 auto; padding: .55rem 1.5rem; display: flex; gap: 2rem; align-items: center; }
.brand { display: inline-flex; align-items: center; gap: .5rem; font-weight: 650; letter-spacing: -.01em; }
.brand svg { width: 1.5rem; height: 1.5rem; }
.top nav { display: flex; gap: .25rem 1.1rem; overflow-x: auto; scrollbar-width: none; margin-left: auto; padding: .2rem; }
.top nav a { color: var(--soft); text-decoration: none; font-size: .9rem; white-space: nowrap; padding: .1rem 0; }
.top nav a:hover { color: var(--ink); text-decoration: underline; }
main { max-width: 1240px; margin: 0 auto; padding: 0 1.5rem 2rem; }
main > section { padding: 2.25rem 0 .5rem; }
.bottom { max-width: 1240px; margin: 1.5rem auto 0; padding: 1rem 1.5rem 2.5rem; border-top: 1px solid var(--hair); color: var(--soft); font-size: .86rem; }
.noscript { margin: 1rem auto; max-width: 60ch; text-align: center; }

.meta { color: var(--soft); margin-bottom: .35rem; }
.lead { font-size: 1.18rem; line-height: 1.45; color: var(--soft); margin: .5rem 0 1.5rem; max-width: 62ch; }
.lead b { color: var(--ink); font-weight: 600; }
.share { display: block; width: 100%; height: 10px; margin-bottom: 1rem; }
.share rect { fill: var(--tone); }
.counts { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1rem 1.5rem; }
.counts li { display: flex; flex-direction: column; gap: .1rem; }
.counts .figure { font-size: 1.75rem; line-height: 1.1; font-weight: 600; letter-spacing: -.02em; }
.counts .note { font-size: .8rem; line-height: 1.4; margin-top: .15rem; }
.intro { color: var(--soft); margin: -.35rem 0 .9rem; max-width: 75ch; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: -.25rem 0 .75rem; }
.legend .verdict { font-weight: 500; }

.scroll { position: relative; overflow-x: auto; border: 1px solid var(--hair); border-radius: 8px; background: var(--paper); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-bottom: 1px solid var(--hair); overflow-wrap: break-word; }
tbody:last-child tr:last-child > * { border-bottom: 0; }
thead th { font-size: .8rem; font-weight: 600; color: var(--soft); white-space: nowrap; overflow-wrap: normal; }
th.number, td.number { text-align: right; white-space: nowrap; }
.id { font-family: var(--mono); font-size: .86em; white-space: nowrap; }
td .note { display: inline; overflow-wrap: anywhere; }
td > code, td > code + .note { overflow-wrap: break-word; }
td > .note:only-child, td > code + .note, td > .name + .note, td > .id + .note { display: block; }

.matrix { width: auto; min-width: 100%; }
.matrix th[scope=row] { font-weight: 500; min-width: 17rem; max-width: 34rem; vertical-align: middle; padding-top: .35rem; padding-bottom: .35rem; position: sticky; left: 0; background: var(--paper); z-index: 1; }
.matrix .corner { position: sticky; left: 0; background: var(--paper); z-index: 1; }
.matrix .threat { display: grid; grid-template-columns: 4.3rem 1fr; align-items: baseline; line-height: 1.35; }
.matrix td { padding: 3px; vertical-align: middle; min-width: 5.5rem; height: 1px; border-left: 1px solid var(--hair); }
.matrix thead th:not(.corner) { border-left: 1px solid var(--hair); white-space: normal; }
.matrix td a { display: flex; align-items: center; gap: .4em; min-height: 2rem; height: 100%; padding: .2rem .6rem; border-radius: 5px; background: var(--tint); color: var(--tone); font-weight: 600; font-size: .9rem; text-decoration: none; }
.matrix td a .word { white-space: nowrap; }
.matrix td a:hover { box-shadow: inset 0 0 0 1px var(--tone); }
.matrix td a .ink, .chip .ink { stroke: var(--tint); }
.matrix td a .n { margin-left: auto; font-weight: 500; font-size: .8rem; }
.matrix td a .n::before { content: "of "; }

.filters { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; margin-bottom: .8rem; font-size: .9rem; }
.filters fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .35rem; flex-basis: 100%; }
.filters legend { float: left; padding: 0; margin-right: .35rem; line-height: 1.9; color: var(--soft); }
.filters label { color: var(--soft); display: inline-flex; align-items: center; gap: .45rem; }
.filters .grow { flex: 1 1 13rem; }
.filters input[type=search], .filters select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--edge); border-radius: 6px; padding: .22rem .5rem; min-width: 0; max-width: 17rem; }
.filters .grow input { width: 100%; max-width: none; }
.filters output { flex-basis: 100%; min-height: 1.3em; margin: -.2rem 0; }
.filters output:empty { display: none; }
.chip input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.chip > span { display: inline-flex; gap: .4em; align-items: center; padding: .13rem .6rem .13rem .45rem; border-radius: 99px; border: 1px solid var(--edge); color: var(--soft); cursor: pointer; text-decoration: line-through; text-decoration-thickness: 1px; }
.chip input:checked + span { background: var(--tint); color: var(--tone); border-color: transparent; text-decoration: none; font-weight: 550; }
.chip .n { font-weight: 500; opacity: .9; }
.chip input:focus-visible + span { outline: 2px solid var(--focus); outline-offset: 2px; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.actions { display: inline-flex; gap: .9rem; }
.actions button, .copy, .close { color: var(--link); text-decoration: underline; text-underline-offset: .18em; text-decoration-thickness: 1px; }

.list { display: flex; flex-direction: column; border: 1px solid var(--hair); border-radius: 8px; background: var(--paper); }
.need { border-bottom: 1px solid var(--hair); scroll-margin-top: 4rem; }
.need:last-child { border-bottom: 0; }
.need > details > summary, .need.brief { display: grid; grid-template-columns: 10.5rem 1fr; gap: .2rem 1.25rem; padding: .65rem 1.1rem; cursor: pointer; list-style: none; align-items: start; }
.need.brief { cursor: default; }
.need > details > summary::-webkit-details-marker { display: none; }
.need > details > summary:hover { background: color-mix(in srgb, var(--tint) 45%, transparent); }
.need > details[open] > summary { background: var(--tint); }
.need > details[open] > summary .ink { stroke: var(--tint); }
.need:first-child > details > summary { border-radius: 7px 7px 0 0; }
.need:last-child > details:not([open]) > summary { border-radius: 0 0 7px 7px; }
.need .head { display: flex; flex-direction: column; gap: .05rem; }
.need .head .severity { padding-left: 1.6em; }
.need .what { min-width: 0; }
.need .what h3 { display: inline; }
.need .asset { color: var(--soft); margin-left: .3rem; font-size: .86rem; }
.need .asset::before { content: "· "; }
.need .claimed { font-size: .76rem; color: var(--soft); border: 1px solid var(--edge); border-radius: 99px; padding: 0 .45rem; margin-left: .35rem; white-space: nowrap; }
.remark { display: block; font-size: .86rem; color: var(--soft); overflow-wrap: anywhere; }
.claims q { font-weight: 550; } .line-of { display: block; } .claims .name, .bindings .name { overflow-wrap: normal; }
.claims td:nth-child(2) { width: 26rem; } .claims td:nth-child(3) { min-width: 11rem; } .bindings td:nth-child(2) { min-width: 11rem; } .bindings td:nth-child(3) { min-width: 16rem; }
.lead + .meta, .meta + .meta { margin: -.75rem 0 1.25rem; }
#models h3 { margin: 1rem 0 .35rem; } #models .intro { margin-top: 0; }
.need .wants { display: block; color: var(--soft); font-size: .93rem; overflow-wrap: anywhere; }
.need .body { padding: 1rem 1.1rem 1.1rem; border-top: 1px solid var(--hair); }
@media (min-width: 860px) { .need .body { padding-left: calc(1.1rem + 10.5rem + 1.25rem); } }
.because { font-size: 1.07rem; line-height: 1.5; max-width: 75ch; overflow-wrap: anywhere; text-wrap: pretty; }
.dimensions { display: flex; flex-wrap: wrap; gap: .5rem 3rem; margin-top: 1rem; }
.dimensions dt { font-size: .8rem; color: var(--soft); }
.dimensions dd { display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; align-items: center; }
.bars { flex: 1 1 26rem; display: grid; gap: .1rem; max-width: 34rem; }
.bar { display: grid; grid-template-columns: 5rem minmax(4rem, 1fr) auto; gap: .6rem; align-items: center; font-size: .86rem; }
.bar-label { color: var(--soft); }
.bar svg { width: 100%; height: 8px; }
.bar .track { fill: var(--hair); } .bar .enough { fill: var(--covered); } .bar .short { fill: var(--missing); } .bar .asked { fill: var(--ink); }
.bar-words { min-width: 9.5rem; }

.witness { display: flex; flex-wrap: wrap; border: 1px solid var(--hair); border-left: 3px solid var(--tone); border-radius: 4px; padding: .5rem .9rem; gap: .3rem 1.6rem; }
.witness div { min-width: 0; }
.witness dt { font-size: .76rem; color: var(--soft); line-height: 1.3; overflow-wrap: anywhere; }
.witness .turns dd { font-weight: 700; color: var(--tone); }
.witness .lost { flex-basis: 100%; display: flex; gap: .6rem; align-items: baseline; border-top: 1px solid var(--hair); padding-top: .35rem; margin-top: .1rem; }
.witness .lost dd { color: var(--tone); font-weight: 600; font-family: var(--sans); font-size: .95rem; }

.way { container-type: inline-size; margin-bottom: .9rem; }
.way figcaption { font-size: .8rem; color: var(--soft); margin-bottom: .35rem; overflow-wrap: anywhere; }
.stops { list-style: none; display: flex; flex-wrap: wrap; align-items: flex-start; row-gap: 1rem; }
.stop { display: flex; align-items: flex-start; flex: 1 1 0; min-width: 0; }
.stop.first { flex: 0 0 auto; max-width: 42%; }
.box { flex: 0 1 auto; min-width: 7.5rem; max-width: 19rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--raised); padding: .42rem .7rem .5rem; display: flex; flex-direction: column; gap: .05rem; position: relative; align-items: flex-start; }
.box .kind { font-size: .76rem; color: var(--soft); line-height: 1.3; padding-right: 2.4rem; }
.box .label { font-weight: 600; line-height: 1.35; overflow-wrap: anywhere; unicode-bidi: isolate; }
.box .kept { font-size: .8rem; line-height: 1.4; color: var(--soft); }
.box .answers { position: absolute; top: .22rem; right: .4rem; margin: 0; }
.dead .box { border-style: dashed; background: transparent; }
.dead .box .label { color: var(--soft); font-weight: 500; }
.edge { --wire: var(--covered); flex: 1 1 6.5rem; min-width: 6.5rem; padding: 0 .5rem; display: flex; flex-direction: column; font-size: .8rem; line-height: 1.4; }
.edge.some { --wire: var(--partial); } .edge.none { --wire: var(--missing); } .edge.unknown { --wire: var(--unknown); }
.dead .edge:not(.cut) { --wire: var(--soft); }
.edge.cut { flex: 1 1 12rem; }
.edge .passes { color: var(--wire); font-weight: 600; text-align: center; height: 1.15rem; line-height: 1.15rem; white-space: nowrap; }
.wire { display: flex; align-items: center; height: .9rem; margin: 0 -.5rem; color: var(--wire); }
.wire i { flex: 1; border-top: 2px solid var(--wire); position: relative; }
.edge.some .wire i { border-top-style: dashed; } .edge.unknown .wire i { border-top-style: dotted; border-top-width: 3px; }
.edge.none .wire i:last-child { border-top: 2px dotted color-mix(in srgb, var(--wire) 45%, transparent); }
.dead .edge:not(.cut) .wire i { border-top: 2px dotted color-mix(in srgb, var(--wire) 45%, transparent); }
.wire i:last-child::after { content: ""; position: absolute; right: 0; top: -6px; border: 5px solid transparent; border-left: 8px solid var(--wire); border-right: 0; }
.edge.none .dead .edge:not(.cut) .wire i { border-top: 2px dotted color-mix(in srgb, var(--wire) 45%, transparent); }
.wire i:last-child::after { opacity: .45; }
.wire .icon { width: 1.35rem; height: 1.35rem; margin: 0 2px; }
.edge .why, .edge .lost-here { overflow-wrap: anywhere; text-align: center; padding: 0 .3rem; }
.edge .why { color: var(--soft); }
.edge .lost-here { margin-top: .3rem; padding: .3rem .5rem; border-radius: 4px; background: var(--missing-tint); color: var(--ink); font-family: var(--mono); font-size: .92em; text-align: left; }
.lost-here b { font-family: var(--sans); color: var(--missing); }
@container (max-width: 640px) {
  .stops, .stop { flex-direction: column; align-items: stretch; }
  .stops { row-gap: 0; }
  .stop.first { max-width: none; }
  .box { max-width: none; }
  .edge, .edge.cut { flex: none; display: grid; grid-template-columns: 1.4rem 1fr; gap: 0 .7rem; padding: .25rem 0 .25rem .9rem; }
  .edge .passes, .edge .why { text-align: left; height: auto; padding: 0; grid-column: 2; }
  .edge .lost-here { grid-column: 2; }
  .wire { grid-column: 1; grid-row: 1 / 5; flex-direction: column; height: auto; margin: 0; min-height: 2.2rem; }
  .wire i, .edge.some .wire i, .edge.unknown .wire i { border-top: 0; border-left: 2px solid var(--wire); }
  .edge.some .wire i { border-left-style: dashed; } .edge.unknown .wire i { border-left-style: dotted; }
  .edge.none .wire i:last-child { border-top: 0; border-left: 2px dotted color-mix(in srgb, var(--wire) 45%, transparent); }
  .dead .edge:not(.cut) .wire i { border-top: 2px dotted color-mix(in srgb, var(--wire) 45%, transparent); }
.wire i:last-child::after { right: auto; left: -6px; top: auto; bottom: 0; border: 5px solid transparent; border-top: 8px solid var(--wire); border-bottom: 0; }
}

.fixes { list-style: none; display: grid; gap: .4rem; }
.fixes li { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; background: var(--ground); border: 1px solid var(--hair); border-radius: 6px; padding: .5rem .8rem; }
.fixes code { white-space: pre-wrap; }
.copy { flex: none; font-size: .86rem; }
.plain { list-style: none; display: grid; gap: .3rem; }
.plain li { overflow-wrap: anywhere; }
.plain .sign { color: var(--unknown); }
.findings li { display: grid; grid-template-columns: 4.1rem 1fr; align-items: baseline; }
.places td:first-child { width: 9rem; } .places td:last-child { min-width: 12rem; }
.where { display: block; } .where .inside { color: var(--soft); }
.need .body > footer { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin-top: 1.35rem; padding-top: .6rem; border-top: 1px solid var(--hair); font-size: .86rem; color: var(--soft); align-items: baseline; overflow-wrap: anywhere; }
.written > summary { cursor: pointer; } .written[open] { flex-basis: 100%; }
.written pre { white-space: pre-wrap; margin: .4rem 0 0; color: var(--ink); }

.answers { display: inline-flex; align-items: center; gap: .12rem; color: var(--soft); font-size: .78rem; line-height: 1; padding: .16rem .32rem .16rem .22rem; border: 1px solid var(--hair); border-radius: 5px; vertical-align: middle; margin: -.3em 0; position: relative; top: -.08em; background: var(--paper); font-family: var(--sans); white-space: nowrap; }
.answers:hover { color: var(--link); border-color: currentColor; }

.inventory { font-size: .93rem; }
.inventory .source th { background: var(--ground); font-weight: 500; padding-top: .45rem; padding-bottom: .45rem; }
.inventory .source .name { font-weight: 650; font-size: .9em; margin-right: .4rem; }
.inventory td .name { display: block; }
.inventory .account .note { display: block; font-size: .8rem; white-space: nowrap; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; }
.inventory .classes { display: block; font-size: .8rem; color: var(--soft); }
.inventory .classes > span { display: block; }
.inventory th:nth-child(2), .inventory td:nth-child(2) { min-width: 9rem; max-width: 20rem; }
.way-cell { min-width: 16rem; } .way-cell .remark { display: block; } .way-cell .remark { font-size: .86rem; color: var(--soft); }
.way-cell .remark .severity { display: inline; } .way-cell .sign { color: var(--unknown); }
.arrow { color: var(--soft); }
.delivery.in-broken, .delivery.in-stale { color: var(--missing); font-weight: 600; } .delivery.in-degraded { color: var(--partial); font-weight: 600; } .delivery.in-unknown { color: var(--unknown); }
[hidden] { display: none !important; }

dialog { width: min(1100px, calc(100vw - 2rem)); height: min(780px, calc(100vh - 3rem)); padding: 0; border: 1px solid var(--edge); border-radius: 10px; background: var(--paper); color: var(--ink); box-shadow: 0 18px 60px rgb(0 0 0 / .28); overflow: hidden; }
dialog[open] { display: flex; flex-direction: column; }
dialog::backdrop { background: rgb(20 20 18 / .45); }
dialog header { display: flex; justify-content: space-between; align-items: baseline; gap: 1.5rem; padding: .8rem 1.1rem; border-bottom: 1px solid var(--hair); }
dialog h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.panes { display: grid; grid-template-columns: minmax(200px, 300px) 1fr; min-height: 0; flex: 1; }
.panes.single { grid-template-columns: 1fr; } .panes.single .calls { display: none; }
.calls { list-style: none; overflow-y: auto; border-right: 1px solid var(--hair); padding: .4rem; }
.calls button { display: block; width: 100%; text-align: left; padding: .4rem .6rem; border-radius: 5px; overflow-wrap: anywhere; line-height: 1.35; }
.calls button:hover { background: var(--ground); } .calls button[aria-current=true] { background: var(--na-tint); }
.calls b, .answer h3 { font-family: var(--mono); font-size: .86em; font-weight: 600; unicode-bidi: isolate; }
.calls span { display: block; font-size: .8rem; color: var(--soft); } .calls .failed { color: var(--missing); font-weight: 600; }
.answer { overflow: auto; padding: .8rem 1.1rem 1.2rem; min-width: 0; }
.answer h3 { font-size: 1rem; } .answer p { margin: .1rem 0 .5rem; color: var(--soft); font-size: .86rem; overflow-wrap: anywhere; }
.answer pre { margin: 0; white-space: pre-wrap; line-height: 1.5; font-size: .86rem; }

@media (max-width: 720px) {
  .inner { padding: .5rem 1rem; gap: 1rem; } main { padding: 0 1rem 1.5rem; } .bottom { padding: 1rem; }
  main > section { padding-top: 1.6rem; }
  h1 { font-size: 1.7rem; }
  .counts { grid-template-columns: 1fr 1fr; }
  .need > details > summary, .need.brief { grid-template-columns: 1fr; padding: .65rem .8rem; }
  .need .head { flex-direction: row; gap: .7rem; align-items: baseline; } .need .head .severity { padding-left: 0; }
  .need .body { padding: .8rem; }
  .panes { grid-template-columns: 1fr; grid-template-rows: minmax(0, 30%) 1fr; } .panes.single { grid-template-rows: 1fr; } .calls { border-right: 0; border-bottom: 1px solid var(--hair); }
  .matrix th[scope=row], .matrix .corner { min-width: 10rem; max-width: 10rem; } .matrix .threat { grid-template-columns: 1fr; }
  .scroll table:not(.matrix) { min-width: 46rem; } .scroll .places { min-width: 34rem; } .scroll .claims, .scroll .bindings { min-width: 52rem; } .scroll .inventory { min-width: 62rem; }
  .fixes li { flex-direction: column; gap: .2rem; }
}

@page { margin: 14mm 13mm; }
@media print {
  html { font-size: 9.5pt; background: #fff; }
  :root { --ground: #fff; --paper: #fff; --raised: #fff; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .top { position: static; background: none; backdrop-filter: none; } .inner { padding: 0 0 .5rem; } .top nav, .skip, .filters, .answers, .copy, dialog, .noscript { display: none !important; }
  .paper { display: inline; color: var(--soft); font-size: .78rem; white-space: nowrap; }
  .box .paper { display: block; }
  main, .bottom { max-width: none; padding-left: 0; padding-right: 0; }
  main > section { padding-top: 1.2rem; }
  h1 { font-size: 20pt; }
  .scroll { overflow: visible; border-radius: 0; }
  .matrix { width: 100%; min-width: 0; } .matrix td, .matrix th[scope=row], .matrix .corner, .way-cell, .places td:last-child { min-width: 0; position: static; } .matrix th[scope=row] { min-width: 14.5rem; } .matrix .threat { grid-template-columns: 3.7rem 1fr; } .matrix td a { min-height: 0; font-size: .8rem; padding: .1rem .3rem; }
  .counts { grid-template-columns: repeat(auto-fit, minmax(85px, 1fr)); gap: 1rem; }
  .need > details > summary { grid-template-columns: 9.5rem 1fr; gap: .2rem .6rem; break-inside: avoid; break-after: avoid; } .need .body, .need > details > summary { padding-left: .7rem; padding-right: .7rem; }
  details::details-content { content-visibility: visible !important; display: block !important; block-size: auto !important; }
  .written > summary { display: none; } .written { display: none; }
  h2, h4, figcaption, thead { break-after: avoid; } tr, .way, .witness, .fixes li, .dimensions, .counts li { break-inside: avoid; }
  .list { border-radius: 0; }
  a { color: inherit; text-decoration: none; }
}
`;
