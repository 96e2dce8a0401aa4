/** What a query names: metrics with the labels that it selects them by. */
export interface Selected {
  readonly metric: string;
  readonly labels: readonly string[];
}

const METRIC = /\b((?:gridgate|apiserver|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
const GROUPING = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g;

export function selectedIn(expr: string): readonly Selected[] {
  return Array.from(expr.matchAll(METRIC), ([, metric = '', matchers = '']) => ({
    metric,
    labels: Array.from(matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"[^"]*"/g), ([, label = '']) => label),
  }));
}

/** The labels that it groups or matches by. */
export function groupedBy(expr: string): readonly string[] {
  return Array.from(expr.matchAll(GROUPING), ([, labels = '']) => labels.split(','))
    .flat()
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

const SAMPLES: Readonly<Record<string, string>> = {
  cluster: 'demo',
  namespace: '.*',
  __rate_interval: '1m',
  __range: '1h',
};

/** With the values of Grafana's variables, as Grafana would ask. */
export function withVariables(expr: string, values: Readonly<Record<string, string>> = {}): string {
  return expr.replace(/\$(\w+)/g, (variable, name) => values[name] ?? SAMPLES[name] ?? variable);
}
