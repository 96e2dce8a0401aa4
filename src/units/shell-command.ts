const NAME = /^[._A-Za-z0-9][-._A-Za-z0-9]{0,252}$/;

/** Whether an object of Kubernetes, or a key of a Secret, can be called so: a shell acts upon nothing in it, and it is no option. */
export function isPlainName(text: string): boolean {
  return NAME.test(text);
}

/**
 * A command for people to paste, with names of objects or keys of labels; none where one of them, which others chose, cannot be such:
 * a shell might act upon it.
 */
export function shellCommand(texts: TemplateStringsArray, ...names: readonly string[]): string | undefined {
  const arePlain = names.map((name) => name.split('/')).every((parts) => parts.length <= 2 && parts.every(isPlainName));
  return arePlain ? String.raw({ raw: texts }, ...names) : undefined;
}
