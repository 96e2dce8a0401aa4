/** What this page has beyond the status page's style. */
export const AUDIT_STYLE = `
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 1rem}
.bars{display:grid;grid-template-columns:minmax(3rem,auto) 1fr auto;gap:.1rem .7rem;align-items:center;font-size:.8rem}
.bars .bar,.keys .bar{height:.65rem}
.pair-of-bars{grid-row:span 2}
.bars .name{max-width:9.5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding:.35rem 0}
.bars span:not(.name){text-align:right}
.keys{display:flex;flex-wrap:wrap;gap:0 1.1rem;margin:0 0 .4rem;font-size:.8rem}
.keys span{display:flex;align-items:center;gap:.4rem}
.keys .bar{width:.75rem}
header code{font-size:.85rem}
.lead{font-size:1.1rem;margin:.2rem 0 .4rem}
.lead b{font-size:2.4rem;letter-spacing:-.02em;line-height:1.1}
#headline [role=img]{background:var(--panel);border:1px solid var(--rule);border-radius:10px;padding:.5rem 1.1rem;margin-bottom:.6rem}
#headline .bars{font-size:.9rem}
#headline .bar{height:1rem}
#headline .name{padding:.2rem 0}
.why{display:block;color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
.denied .why{width:158%}
details.why:not([open])>summary{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.workloads{font-size:.9rem}
.workloads td{vertical-align:top}
.workloads tbody th{vertical-align:top}
.kind{display:block;color:var(--soft);font-size:.8rem;font-weight:400}
.workloads{table-layout:fixed}
.workloads col{width:6.3%}
.workloads col:nth-child(1){width:15%}
.workloads col:nth-child(2){width:10%}
.workloads col:nth-child(3){width:21%}
.workloads col:nth-child(4){width:11%}
.workloads col:nth-child(5){width:4.5%}
.workloads col:nth-child(6){width:9.3%}
.workloads col:nth-child(9){width:7.8%}
.workloads col:nth-child(10){width:8.8%}
.workloads .heading th{font-size:.85rem;padding-bottom:.3rem}
.region{display:inline-block;max-width:100%;margin-right:.3em}
th button{font:inherit;color:inherit;background:none;border:0;padding:.2rem 0;margin:0;cursor:pointer;white-space:nowrap}
th button::after,.number button::before{content:"";display:inline-block;width:1em;text-align:center}
.number button::after{display:none}
th[aria-sort=ascending] button::after,.number[aria-sort=ascending] button::before{content:"\\2191"}
th[aria-sort=descending] button::after,.number[aria-sort=descending] button::before{content:"\\2193"}
th[aria-sort=ascending] button,th[aria-sort=descending] button{color:var(--accent)}
#filter:not([hidden]){display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:center;margin:.2rem 0 .6rem;font-size:.85rem;color:var(--soft)}
.sort{display:none}
#filter :is(input,select){font:inherit;color:var(--text);background:var(--page);border:1px solid var(--mark);border-radius:6px;padding:.25rem .5rem;min-width:0;width:16rem;max-width:100%}
#left-out ul{margin:0 0 .6rem;padding-left:1.1rem}
#left-out li{overflow-wrap:anywhere}
@media(max-width:640px){
.bars .name{max-width:8.5rem}
.sort{display:inline}
#filter select{width:auto}
.workloads tbody th{flex:1 1 40%}
.workloads tbody td{flex:0 1 auto}
.workloads td:nth-child(3)::before{content:none}
.workloads tbody td:nth-child(4){flex:1 1 100%}
.workloads td[data-value=""]{display:none}
.number .kind{display:inline;margin-left:.3em}
.workloads tbody td:nth-child(3){flex:1 1 100%;min-width:0}
.denied .why{width:auto}
}
@media print{body{background:none}#filter:not([hidden]){display:none}details.why>summary{white-space:normal!important}}
`;
