/**
 * Blue, amber and brick stay apart for every kind of colour blindness, and every colour stands beside its word. Violet is for
 * outages alone, with a sign or stripes.
 * Text keeps a contrast of at least 4.5 in both schemes (a test computes it).
 */
export const STYLE = `
:root{color-scheme:light dark;--page:#f5f7f8;--panel:#fff;--text:#17212b;--soft:#52606d;--rule:#dfe5ea;--track:#edf1f4;--accent:#0b6179;
--low:#0f7fa8;--medium:#d9981e;--high:#b5391f;--low-text:#0a5f80;--low-back:#def0f7;--medium-text:#7a4d00;--medium-back:#fcefd2;--high-text:#9c2a12;--high-back:#fbe4de;--outage:#6b3fa6;--outage-text:#5a2f94;--outage-back:#ece3f8;--mark:#9aa7b3}
@media(prefers-color-scheme:dark){:root{--page:#0f1519;--panel:#171f25;--text:#e6edf2;--soft:#a3b1bd;--rule:#2a353d;--track:#212b33;--accent:#6cc7e3;
--low:#3fa9d0;--medium:#e3a93a;--high:#e0694c;--low-text:#8fd4ee;--low-back:#12384a;--medium-text:#f5cd7d;--medium-back:#433109;--high-text:#ffb09c;--high-back:#52200f;--outage:#b794ec;--outage-text:#d3bdf7;--outage-back:#3a2560;--mark:#61707c}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-padding-top:.5rem;-webkit-text-size-adjust:100%}
body{font:15px/1.45 Inter,-apple-system,"Segoe UI",Roboto,"Liberation Sans",system-ui,sans-serif;font-variant-numeric:tabular-nums;margin:0 auto;max-width:74rem;padding:1rem 1.25rem 2rem;color:var(--text);background:var(--page)}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1.5rem;margin-bottom:.75rem}
h1{font-size:1.35rem;letter-spacing:-.02em;margin:0}
h1::before{content:"";display:inline-block;width:.85em;height:.85em;margin-right:.45em;vertical-align:-.06em;background:linear-gradient(90deg,var(--low) 0 28%,transparent 0 36%,var(--medium) 0 64%,transparent 0 72%,var(--high) 0);border-radius:2px}
h2{font-size:1rem;margin:0 0 .25rem}
h3{font-size:.9rem;margin:.7rem 0 .1rem;overflow-wrap:anywhere}
nav{flex:1;display:flex;flex-wrap:wrap;gap:.1rem 1rem}
a{color:var(--accent)}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
header p{margin:0;color:var(--soft);font-size:.85rem}
.hint{color:var(--soft);font-size:.85rem;margin:0 0 .6rem}
section{background:var(--panel);border:1px solid var(--rule);border-radius:10px;padding:.9rem 1.1rem;margin-bottom:1rem;min-width:0}
#headline{background:none;border:0;padding:0}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:0}
dl div{background:var(--panel);border:1px solid var(--rule);border-radius:10px;padding:.6rem .8rem;min-width:0}
dt,.more{color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
dd{margin:0;font-weight:650;overflow-wrap:anywhere}
dd.more{font-weight:400}
.alert{background:var(--high-back);color:var(--high-text);border-radius:8px;padding:.5rem .8rem;margin-bottom:.6rem;overflow-wrap:anywhere}
header .alert{color:var(--high-text);margin:0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:middle;padding:.32rem .7rem .32rem 0;border-top:1px solid var(--rule);font-weight:400;overflow-wrap:anywhere}
thead th{color:var(--soft);font-size:.8rem;border-top:0;white-space:nowrap}
tbody th{font-weight:600}
tr>:last-child{padding-right:0}
.number{text-align:right}
td.number{font-weight:600}
.regions{table-layout:fixed}
.regions col:first-child{width:23%}
.regions col:nth-child(2){width:9%}
.regions col:nth-child(3){width:33%}
.regions col:nth-child(4){width:8%}
.regions col:nth-child(6){width:11%}
details .regions thead{position:absolute;clip-path:inset(50%)}
.heading th{color:var(--soft);font-size:.8rem;font-weight:400;padding-top:.8rem}
.band,.decision,.outage,.verdict,.count{display:inline-block;border-radius:99px;padding:0 .6em;font-size:.8rem;font-weight:600;white-space:nowrap;color:var(--soft);background:var(--track)}
.band.low{color:var(--low-text);background:var(--low-back)}
.band.medium{color:var(--medium-text);background:var(--medium-back)}
.band.high,.decision.deny,.verdict.bad{color:var(--high-text);background:var(--high-back)}
.decision.steer{color:var(--low-text);background:var(--low-back)}
.decision.defer{color:var(--medium-text);background:var(--medium-back)}
.decision.would.deny{color:var(--medium-text);background:var(--medium-back)}
.outage{color:var(--outage-text);background:var(--outage-back)}
.outage::before{content:"\\2715\\a0"}
dd .outage{font-size:1em}
.why-down{display:block;font-size:.8rem;font-weight:400;color:var(--outage-text)}
.mark{color:var(--soft);font-size:.8rem;font-weight:400}
td .mark{white-space:nowrap}
.problem{color:var(--high-text)}
summary{cursor:pointer;overflow-wrap:anywhere}
summary:hover{color:var(--accent)}
.decided{border-top:1px solid var(--rule)}
.decided summary{display:grid;grid-template-columns:.6em auto 5.8rem minmax(0,17rem) minmax(0,1fr);gap:.1rem .7rem;padding:.22rem 0;align-items:baseline}
.decided summary::before,.earlier>summary::before{content:"\\25b8";color:var(--soft);width:.6em;flex:none}
.decided[open]>summary::before,.earlier[open]>summary::before{content:"\\25be"}
.earlier>summary{display:flex;gap:.7rem;padding:.22rem 0;border-top:1px solid var(--rule);color:var(--soft);font-size:.85rem}
.decided .decision{justify-self:start}
.said{color:var(--soft);font-size:.85rem}
.decided:not([open]) :is(.who,.said){min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.facts{padding:.1rem 0 .7rem 1.3rem}
.facts div{background:none;border:0;padding:0}
.facts dd{font-weight:400;font-size:.9rem}
.quiet{color:var(--soft);margin-top:.6rem;font-size:.85rem}
.quiet tbody th{font-weight:400}
.quiet td.number{font-weight:400}
.quiet .fill{fill:var(--mark)}
#more-regions>summary{padding:.5rem 0;border-top:1px solid var(--rule)}
.facts-line{margin:0;font-size:.9rem}
svg{display:block;width:100%;overflow:visible}
.bar{height:.95rem}
.scale{height:1rem}
.scale text{fill:var(--soft);font-size:.75rem;text-anchor:middle}
.track{fill:var(--track)}
.fill{fill:var(--mark)}
.fill.low{fill:var(--low)}.fill.medium{fill:var(--medium)}.fill.high{fill:var(--high)}
.fill.pale{fill-opacity:.55}
tr.down .fill{fill:url(#stripes);fill-opacity:1;stroke:var(--outage)}
.stripe{stroke:var(--outage);stroke-width:3}
.bar line{stroke:var(--text);stroke-width:1;stroke-dasharray:2 2}
.palette{position:absolute;width:0;height:0}
stop.low{stop-color:var(--low)}stop.medium{stop-color:var(--medium)}stop.high{stop-color:var(--high)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:1rem 1.5rem}
figure{margin:0;min-width:0}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .6rem;font-size:.85rem;overflow-wrap:anywhere}
figcaption b{font-weight:600}
figcaption span,.axis{color:var(--soft)}
.plot{display:grid;grid-template-columns:minmax(1.5rem,auto) 1fr;grid-template-rows:1fr auto auto;gap:0 .4rem;margin-top:.3rem}
.plot span{color:var(--soft);font-size:.75rem;line-height:1;text-align:right}
.plot svg+span{align-self:end;grid-area:2/1}
.line{height:5rem;grid-area:1/2/3;border-bottom:1px solid var(--mark);border-left:1px solid var(--mark)}
.plot .axis{grid-column:2}
.common,#common-scale:checked~.cards .own{display:none}
#common-scale:checked~.cards .common{display:block}
#common-scale+label{font-size:.85rem}
#common-scale{accent-color:var(--accent);margin:0 .3rem .8rem 0;vertical-align:-.1em}
.banded,.plain{fill:none;vector-effect:non-scaling-stroke;stroke-width:2;stroke-linecap:round}
.threshold{stroke:var(--mark);stroke-width:1;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.banded{stroke:url(#bands)}.plain{stroke:var(--accent)}
.stand-in{stroke-dasharray:1 4}
.range{fill:var(--accent);fill-opacity:.18}
.start{fill:none;stroke:var(--text);stroke-width:9;stroke-linecap:round;vector-effect:non-scaling-stroke}
.run{fill:none;stroke:var(--text);stroke-width:3;stroke-opacity:.55;vector-effect:non-scaling-stroke}
.timelines{grid-template-columns:repeat(auto-fill,minmax(22rem,1fr));margin-bottom:.8rem}
.timelines .line{height:7rem}
.timelines .axis{display:grid;grid-template-columns:repeat(4,1fr)}
.timelines .axis span{grid-row:1;justify-self:end;transform:translateX(50%)}
.timelines .axis :is(:first-child,:nth-child(2)){grid-column:1}
.timelines .axis :first-child{justify-self:start}
.timelines .axis :is(:first-child,:last-child){transform:none}
.waits{table-layout:fixed}
.waits col:first-child{width:24%}
.waits col:is(:nth-child(2),:nth-child(3),:nth-child(6)){width:7%}
.waits col:is(:nth-child(4),:nth-child(5)){width:15%}
.axis{display:flex;justify-content:space-between;margin:.1rem 0 0;font-size:.75rem}
.pair{display:flex;flex-wrap:wrap;gap:0 1rem}
.pair>:first-child{flex:3 1 30rem}.pair>*{flex:1 1 14rem}
@media(max-width:640px){
body{padding:.75rem .6rem 1.5rem}
nav{order:3;flex-basis:100%}
section{padding:.75rem}
dl{grid-template-columns:1fr 1fr}
dl div:last-child:nth-child(odd){grid-column:1/-1}
.cards{grid-template-columns:1fr 1fr;gap:.9rem}
.timelines{grid-template-columns:1fr}
.waits tbody th{flex:1 1 100%}
.wide :is(thead,colgroup){display:none}
.wide,.wide tbody{display:block}
.wide tr{display:flex;flex-wrap:wrap;gap:.05rem .7rem;padding:.45rem 0;border-top:1px solid var(--rule);align-items:baseline}
.wide :is(th,td){padding:0;border:0}
.wide td:empty{display:none}
.wide tbody th{flex:1 1 40%}
.wide td[data-label]::before{content:attr(data-label) " ";color:var(--soft);font-weight:400;font-size:.8rem}
.sources td{flex:1 1 100%;font-size:.85rem}
.regions tr{display:grid;grid-template-columns:1fr auto 4.6rem}
.regions tr.heading{display:block}
.regions .chart{grid-area:2/1/3/4}
.regions td:nth-child(4){grid-area:1/3;text-align:right}
.regions td:nth-child(4)::before{content:none}
.regions td:nth-child(n+5){grid-area:3/1/4/4;max-width:58%;font-size:.8rem}
.regions td:nth-child(6){justify-self:end;max-width:40%}
.decided summary{grid-template-columns:.6em auto auto minmax(0,1fr);gap:0 .5rem}
.said{grid-column:2/5}
.decided[open] .who{grid-column:2/5}
.pair>:first-child,.pair>*{flex:1 1 100%}
}
`;
