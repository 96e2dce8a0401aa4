export interface Subject {
  readonly name: string;
  /** Hexadecimal digits. */
  readonly sha256: string;
}

export interface Build {
  readonly subjects: readonly Subject[];
  /** Of the repository, such as `https://git.example.com/gridgate`. */
  readonly source: string;
  readonly commit: string;
  readonly version: string;
  readonly downloads: string;
  /** URI of what built it, which is who is believed. */
  readonly builder: string;
  /** Of `package-lock.json`, which names and hashes every package that is built with: npm noted the same ones when it installed them. */
  readonly lockSha256: string;
  readonly node: string;
  readonly npm: string;
}

/**
 * An in-toto Statement v1 with SLSA's provenance v1: which files came of which commit, by which command. Unsigned it proves
 * nothing: `cosign attest-blob` signs its predicate. It has no times, so that who builds the same gets the same bytes.
 */
export function stateProvenance(build: Build) {
  const { subjects, source, commit, version, downloads, builder, lockSha256, node, npm } = build;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${source}/manifests/release#npm-run-release`,
        externalParameters: {
          source: `git+${source}@refs/tags/v${version}`,
          downloads,
          command: 'npm run release',
        },
        internalParameters: {},
        resolvedDependencies: [
          { uri: `git+${source}@refs/tags/v${version}`, digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockSha256 } },
        ],
      },
      runDetails: { builder: { id: builder, version: { node, npm } } },
    },
  };
}
