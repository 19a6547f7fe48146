/** Names of variables that hold what no engine on this machine needs to know. */
const secretName = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL/i;

/**
 * The environment of a local engine: this process's own without its secrets, and a UTF-8 locale, without which
 * apertium and espeak-ng mangle accents.
 */
export function engineEnvironment(from: NodeJS.ProcessEnv, platform: NodeJS.Platform): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => !secretName.test(name));
  // macOS has no C.UTF-8 before version 15.
  return { ...Object.fromEntries(kept), LC_ALL: platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8' };
}
