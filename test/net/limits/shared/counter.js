// Adds one to a shared number again and again and prints every number it made. Started and killed by a test.
import { openSharedFile } from '../../../../dist/net/limits/shared-file.js';

const [, , folder, times] = process.argv;
const file = openSharedFile(folder, (json) => (typeof json === 'number' ? json : 0));
for (let time = 0; time < Number(times); time++) {
  const { made } = await file.update((value) => ({ result: { made: value + 1 }, next: value + 1 }));
  process.stdout.write(`${made}\n`);
}
