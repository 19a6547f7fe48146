import { DubError } from '../../../errors.js';
import { withFacts } from '../../../net/facts.js';

/** A message that is none of the protocol's. */
export function badAnswer(message: string): DubError {
  const shown = message.length > 80 ? `${message.slice(0, 80)}…` : message;
  const error = new DubError('PROVIDER_BAD_REPLY', `The FunASR server said ${JSON.stringify(shown)}.`, {
    hint: 'Check that FUNASR_URL leads to a FunASR WebSocket server (port 10095), not to another service.',
    retryable: true,
  });
  return withFacts(error, { retryable: true });
}

/** What is to be done about a certificate that nobody has signed, which is how the server comes. */
export function withCertificateHint(error: unknown): never {
  if (error instanceof DubError && /no trusted certificate/.test(error.message)) {
    throw new DubError(error.code, error.message, {
      hint: 'FunASR makes its own certificate. Trust it with NODE_EXTRA_CA_CERTS, or, on a network of your own, set "insecure": true for asr:funasr under "providers" in .dubbingrc.',
      cause: error,
    });
  }
  throw error;
}
