import { quoted } from '../decision/policy-annotations.ts';
import { parseQuantity } from '../units/quantity.ts';

type Amounts = Readonly<Record<string, string | number>> | null | undefined;

/** Why the API server refuses an amount of a resource (`resource.ParseQuantity`, `ValidateNonnegativeQuantity`). */
export function mistakeInQuantity(quantity: string | number): string | undefined {
  const amount = parseQuantity(quantity);
  if (amount === undefined) return `${quoted(String(quantity))} is no quantity; give one such as 500m or 1Gi`;
  return amount < 0 ? `${quoted(String(quantity))} must not be negative` : undefined;
}

/** What it refuses of amounts that are quantities (`ValidateResourceRequirements`, Kubernetes 1.36). */
export function mistakesInResources({ requests, limits }: { readonly requests?: Amounts; readonly limits?: Amounts }) {
  return [
    ...Object.entries(requests ?? {}).flatMap(([resource, request]) => {
      const [wanted, most] = [parseQuantity(request), parseQuantity(limits?.[resource])];
      if (wanted === undefined || most === undefined || wanted <= most) return [];
      return [
        {
          path: ['requests', resource],
          message: `${quoted(String(request))} is above its limit, ${quoted(String(limits?.[resource]))}`,
        },
      ];
    }),
    ...[...parts('requests', requests), ...parts('limits', limits)],
  ];
}

/** Devices are counted one by one. */
function parts(field: string, amounts: Amounts) {
  return Object.entries(amounts ?? {})
    .filter(([resource, quantity]) => isExtended(resource) && !Number.isInteger(parseQuantity(quantity) ?? 0))
    .map(([resource, quantity]) => ({
      path: [field, resource],
      message: `${quoted(String(quantity))} must be a whole number`,
    }));
}

function isExtended(resource: string): boolean {
  return resource.includes('/') && !/^(?:[^/]+\.)?kubernetes\.io\//.test(resource);
}
