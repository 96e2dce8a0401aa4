/** Grams of CO2e of a namespace so far; neither ever falls. */
export interface NamespaceCarbon {
  readonly namespace: string;
  readonly avoidedGrams: number;
  readonly addedGrams: number;
}

export interface CarbonLedger {
  /** Shows a namespace from now on, at first with zeros: a counter that is born with a value hides its first increase. */
  open(namespace: string): void;
  /** Adds what was avoided; below 0 what was added. */
  book(namespace: string, avoidedGrams: number): void;
  /** Closes the accounts of namespaces that are gone for so long that every scrape has seen their last figures. */
  closeOld(existing: ReadonlySet<string>, nowMs: number): void;
  read(): readonly NamespaceCarbon[];
}

const SHOWN_AFTER_ITS_END_MS = 15 * 60_000;

interface Account {
  avoidedGrams: number;
  addedGrams: number;
  goneSinceMs?: number | undefined;
}

export function createCarbonLedger(): CarbonLedger {
  const accounts = new Map<string, Account>();

  function accountOf(namespace: string): Account {
    const account = accounts.get(namespace) ?? { avoidedGrams: 0, addedGrams: 0 };
    accounts.set(namespace, account);
    return account;
  }

  return {
    open: (namespace) => void accountOf(namespace),
    book(namespace, grams) {
      const account = accountOf(namespace);
      if (grams > 0) account.avoidedGrams += grams;
      else account.addedGrams -= grams;
    },
    closeOld(existing, nowMs) {
      for (const [namespace, account] of accounts) {
        account.goneSinceMs = existing.has(namespace) ? undefined : (account.goneSinceMs ?? nowMs);
        if (nowMs - (account.goneSinceMs ?? nowMs) >= SHOWN_AFTER_ITS_END_MS) accounts.delete(namespace);
      }
    },
    read: () =>
      [...accounts].map(([namespace, { avoidedGrams, addedGrams }]) => ({ namespace, avoidedGrams, addedGrams })),
  };
}
