import { ANNOTATION_PREFIX } from './namespace-record.ts';
import { compileDefaults, type PolicyDefaults, parsePolicy, quoted } from './policy-annotations.ts';

/** Compiles defaults written like annotations without their prefix; every mistake is a sentence, with its key. */
export function parsePolicyDefaults(texts: Readonly<Record<string, string>>): {
  readonly defaults: PolicyDefaults;
  readonly mistakes: readonly { readonly name: string; readonly message: string }[];
} {
  const entries = Object.entries(texts);
  const { issues } = parsePolicy(Object.fromEntries(entries.map(([name, value]) => [ANNOTATION_PREFIX + name, value])));
  const mistakes = issues.map(({ key, value, allowed, nearest }) => ({
    name: withoutPrefix(key),
    message:
      allowed === ''
        ? `no such annotation${nearest === undefined ? '' : `, did you mean ${withoutPrefix(nearest)}?`}`
        : `${quoted(value)} is not ${allowed}`,
  }));
  return {
    defaults: { ...compileDefaults(texts), ...(entries.length > 0 && { defaulted: new Set(Object.keys(texts)) }) },
    mistakes,
  };
}

function withoutPrefix(key: string): string {
  return key.slice(ANNOTATION_PREFIX.length);
}
