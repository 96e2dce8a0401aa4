/** What this page has beyond the status page's style. */
export const AUDIT_STYLE = `
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 1rem}
.bars{display:grid;grid-template-columns:minmax(3rem,auto) 1fr auto;gap:.1rem .7rem;align-items:center;font-size:.8rem}
.bars .bar,.keys .bar{height:.65rem}
.bars .name{grid-row:span 2;max-width:9.5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding:.35rem 0}
.bars span:not(.name){text-align:right}
.keys{display:flex;flex-wrap:wrap;gap:0 1.1rem;margin:0 0 .4rem;font-size:.8rem}
.keys span{display:flex;align-items:center;gap:.4rem}
.keys .bar{width:.75rem}
header code{font-size:.85rem}
.decision.would.deny{color:var(--medium-text);background:var(--medium-back)}
.why{display:block;color:var(--soft);font-size:.8rem}
.refused .why{color:var(--high-text)}
.workloads{font-size:.9rem}
.workloads td{vertical-align:top}
.workloads tbody th{vertical-align:top}
.kind{display:block;color:var(--soft);font-size:.8rem;font-weight:400}
.workloads thead th:first-child{width:17%}
.workloads thead th:nth-child(3){width:30%}
.region{display:inline-block;max-width:100%;margin-right:.3em}
.workloads .number{white-space:nowrap;overflow-wrap:normal}
.number .kind{white-space:normal;overflow-wrap:anywhere;min-width:5rem}
th button{font:inherit;color:inherit;background:none;border:0;padding:.2rem 0;margin:0;cursor:pointer;white-space:nowrap}
th button::after,.number button::before{content:"";display:inline-block;width:1em;text-align:center}
.number button::after{display:none}
th[aria-sort=ascending] button::after,.number[aria-sort=ascending] button::before{content:"\\2191"}
th[aria-sort=descending] button::after,.number[aria-sort=descending] button::before{content:"\\2193"}
th[aria-sort=ascending] button,th[aria-sort=descending] button{color:var(--accent)}
:is(button,input):focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
#filter:not([hidden]){display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:center;margin:.2rem 0 .6rem;font-size:.85rem;color:var(--soft)}
#filter input{font:inherit;color:var(--text);background:var(--page);border:1px solid var(--mark);border-radius:6px;padding:.25rem .5rem;min-width:0;width:16rem;max-width:100%}
#left-out ul{margin:0 0 .6rem;padding-left:1.1rem}
#left-out li{overflow-wrap:anywhere}
@media(max-width:640px){
.bars .name{max-width:6.5rem}
.workloads thead{display:block}
.workloads thead tr{border:0;padding:0 0 .4rem}
.workloads thead th{flex:0 0 auto!important;padding:0}
.workloads tbody th{flex:1 1 55%}
.workloads tbody td{flex:0 1 auto}
.workloads td[data-value=""]{display:none}
.number .kind{display:inline;margin-left:.3em}
.number button::before,th button::after{width:auto}
.workloads tbody td:nth-child(3){flex:1 1 100%}
.workloads td[data-label]::before{content:attr(data-label) " ";color:var(--soft);font-weight:400;font-size:.8rem}
}
@media print{body{background:none}#filter:not([hidden]){display:none}}
`;
