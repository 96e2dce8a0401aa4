import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const RULES = 'manifests/alerts/rules.yaml';
export const CASES = 'manifests/alerts/tests.yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function readRules(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

interface AlertCase {
  readonly alertname: string;
  readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
}

export function readCases(): readonly AlertCase[] {
  const { tests } = parse(readFileSync(CASES, 'utf8')) as { tests: { alert_rule_test: AlertCase[] }[] };
  return tests.flatMap((one) => one.alert_rule_test);
}
