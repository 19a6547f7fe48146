import { join } from 'node:path';
import type { Surroundings } from './option.js';

/** The folder of the shared store when nobody names one: the user's cache folder of the operating system. */
export function defaultCacheFolder({ env, home, platform }: Surroundings): string {
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'dubbing');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'dubbing', 'Cache');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'dubbing');
}
