import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from '../../../net/http.js';
import { type Answer, closingMessage, isWhole, type Opening, openingMessage, readAnswer } from './wire.js';

/** 0.6 s of 16 kHz sound, as the reference client sends it: some builds refuse larger frames. */
const chunkBytes = 19_200;
/** The Python server says that it is through; whether before or after its answer is not documented. */
const graceMs = 2000;

/** Says a piece of sound and waits for the answer to the whole of it; undefined when there was nothing to say. */
export async function hearBy(socket: Socket, pcm: Uint8Array, opening: Opening): Promise<Answer | undefined> {
  await socket.send(openingMessage(opening));
  for (let at = 0; at < pcm.length; at += chunkBytes) await socket.send(pcm.subarray(at, at + chunkBytes));
  await socket.send(closingMessage);
  for (;;) {
    const answer = readAnswer(await socket.next());
    if (isWhole(answer)) return answer;
    if (answer.is_end === true) return afterTheEnd(socket);
  }
}

async function afterTheEnd(socket: Socket): Promise<Answer | undefined> {
  const late = socket
    .next()
    .then(readAnswer)
    .catch(() => undefined);
  const answer = await Promise.race([late, sleep(graceMs)]);
  return answer !== undefined && isWhole(answer) ? answer : undefined;
}
