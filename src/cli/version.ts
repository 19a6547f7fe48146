import { readFileSync } from 'node:fs';

/** The package's own description of itself. */
export interface PackageInfo {
  readonly version: string;
  readonly bugs?: { readonly url?: string } | undefined;
}

/** Reads package.json, two folders up from both `src/cli` and `dist/cli`. */
export function readPackage(): PackageInfo {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageInfo;
}
