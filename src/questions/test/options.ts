import type { OptionValues } from '../../config/options.ts';

export const TEST_OPTIONS = ['caseFilter', 'verbose', 'testOutput'] as const;

export type TestValues = OptionValues<(typeof TEST_OPTIONS)[number]>;
