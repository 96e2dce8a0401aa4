interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
}

/**
 * What is installed otherwise than `package-lock.json` has it, by folder; `installed` is what npm keeps in `node_modules`. A package that is not there
 * is none: of those for other platforms none is, and the build fails without one that it needs.
 */
export function notOfLock({ packages: locked }: Lock, { packages: installed }: Lock): readonly string[] {
  return Object.entries(installed)
    .filter(([folder, { version, integrity }]) => {
      const due = locked[folder];
      return due?.version !== version || due?.integrity !== integrity;
    })
    .map(([folder, { version }]) => `${folder} ${version}`);
}
