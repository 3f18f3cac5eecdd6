// A Group 3 fax machine without error correction (ITU-T T.30): one page sent, or pages received, over a line.
import type { Frame } from './frames.ts';
import { type Command, dcsOf, modemOfDcs, modemsOfDis, ourDis } from './frames.ts';
import type { FaxLine } from './line.ts';
import type { Modem } from './modems.ts';
import { decodePage, encodePage, type FaxPage } from './t4.ts';

/** A fax that did not come about; the message says at which step. */
export class FaxFailed extends Error {
  override readonly name = 'FaxFailed';
}

/** T.30 5.4: T1 for the first answer, T2 for a command, T4 for a response. Milliseconds. */
const T1_MS = 35_000;
const T2_MS = 6000;
const T4_MS = 3000;
/** A page takes longer than a command: the longest with data of 2400 bit/s. */
const PAGE_MS = 300_000;
/** T.30 5.3.6.1.4, attempts at a command. */
const ATTEMPTS = 3;
/** TCF: zeros for 1.5 s; a receiver wants most of them (T.30 5.3.6.1.3, the share is ours). */
const TRAINING_MS = 1500;
const TRAINING_SHARE = 0.6;
const MOST_PAGES = 10;

/** The next frame of these; others are stepped over. */
async function frameOf(line: FaxLine, commands: readonly Command[], ms: number): Promise<Frame | undefined> {
  for (;;) {
    const heard = await line.next(ms);
    if (!heard) return undefined;
    if (heard.kind !== 'frame') continue;
    if (heard.frame.command === 'DCN') throw new FaxFailed('the peer disconnected');
    if (commands.includes(heard.frame.command)) return heard.frame;
  }
}

/** Sends a command until a response of these comes. */
async function command(
  line: FaxLine,
  send: () => Promise<void>,
  responses: readonly Command[],
): Promise<Frame | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    line.flush();
    await send();
    const response = await frameOf(line, responses, T4_MS);
    if (response) return response;
  }
  return undefined;
}

/** T.30 phase B of the sender: the fastest modem whose training check is confirmed. */
async function train(line: FaxLine, modems: readonly Modem[]): Promise<Modem> {
  for (const modem of modems) {
    const check = Buffer.alloc(Math.ceil((modem.rate * TRAINING_MS) / 8000));
    const send = async (): Promise<void> => {
      await line.sendFrames([['DCS', dcsOf(modem)]], true);
      await line.sendData(modem, modem.training, check);
    };
    const response = await command(line, send, ['CFR', 'FTT', 'DIS']);
    if (!response) throw new FaxFailed('the training check was not answered');
    if (response.command === 'CFR') return modem;
  }
  throw new FaxFailed('the training check failed at every rate');
}

/** Sends a page as the calling machine. @param maxRate bit/s @throws FaxFailed */
export async function sendPage(line: FaxLine, page: FaxPage, maxRate = 14_400): Promise<{ rate: number }> {
  await line.sendSignal('cng', 0);
  const dis = await frameOf(line, ['DIS'], T1_MS);
  if (!dis) throw new FaxFailed('no fax machine answered');
  const modems = modemsOfDis(dis.information).filter(({ rate }) => rate <= maxRate);
  if (modems.length === 0) throw new FaxFailed('the peer cannot receive');
  const modem = await train(line, modems);
  await line.sendData(modem, modem.retraining, encodePage(page));
  const confirmed = await command(line, () => line.sendFrames([['EOP']], true), ['MCF', 'RTP', 'RTN']);
  await line.sendFrames([['DCN']], true);
  if (!confirmed) throw new FaxFailed('the page was not confirmed');
  if (confirmed.command === 'RTN') throw new FaxFailed('the page was received badly');
  return { rate: modem.rate };
}

/** T.30 phase B of the receiver: the modem that the sender has chosen and trained. */
async function beTrained(line: FaxLine, greet: () => Promise<void>): Promise<Modem> {
  for (let attempt = 0; attempt * T4_MS < T1_MS; attempt++) {
    await greet();
    let dcs = await frameOf(line, ['DCS'], T4_MS);
    while (dcs) {
      const modem = modemOfDcs(dcs.information);
      if (!modem) throw new FaxFailed('the peer asks for a mode that was not offered');
      const heard = await line.next(T2_MS);
      if (heard?.kind === 'data' && isTrained(heard.bytes, modem)) {
        await line.sendFrames([['CFR']], false);
        return modem;
      }
      await line.sendFrames([['FTT']], false);
      dcs = await frameOf(line, ['DCS'], T2_MS);
    }
  }
  throw new FaxFailed('no fax machine called');
}

function isTrained(bytes: Buffer, { rate }: Modem): boolean {
  const zeros = bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0);
  return zeros >= (TRAINING_SHARE * rate * TRAINING_MS) / 8000;
}

type Received = FaxPage & { damaged: number };

/** T.30 phases C and D of the receiver: a page and the command behind it; a repeated training check is confirmed again. */
async function receivePage(line: FaxLine, modem: Modem): Promise<{ page: Received; after: Command }> {
  let page: Received | undefined;
  for (;;) {
    const heard = await line.next(page ? T2_MS : PAGE_MS);
    if (!heard) throw new FaxFailed(page ? 'no command came after the page' : 'no page came');
    if (heard.kind === 'data' && !isOnlyTraining(heard.bytes)) page = decodePage(heard.bytes);
    else if (heard.kind === 'data') await line.sendFrames([['CFR']], false);
    else if (heard.frame.command === 'DCN') throw new FaxFailed('the peer disconnected');
    else if (['EOP', 'EOM', 'MPS'].includes(heard.frame.command)) {
      if (!page) throw new FaxFailed(`no page came at ${modem.rate} bit/s`);
      return { page, after: heard.frame.command };
    }
  }
}

const isOnlyTraining = (bytes: Buffer): boolean => bytes.every(byte => byte === 0);

/** Receives pages as the called machine. @throws FaxFailed */
export async function receivePages(line: FaxLine): Promise<{ rate: number; pages: FaxPage[] }> {
  const pages: FaxPage[] = [];
  await line.sendSignal('ced', 200);
  const greet = (): Promise<void> => line.sendFrames([['DIS', ourDis()]], false);
  let modem = await beTrained(line, greet);
  while (pages.length < MOST_PAGES) {
    const { page, after } = await receivePage(line, modem);
    // T.30 leaves open what is bad; a tenth of the rows is (ours).
    const good = page.rows.length > 0 && page.damaged * 10 <= page.rows.length;
    if (good) pages.push({ rows: page.rows });
    await line.sendFrames([[good ? 'MCF' : 'RTN']], false);
    if (after === 'EOP') {
      await disconnected(line, good);
      return { rate: modem.rate, pages };
    }
    if (after === 'EOM' || !good) modem = await beTrained(line, after === 'EOM' ? greet : async () => undefined);
  }
  throw new FaxFailed(`more than ${MOST_PAGES} pages`);
}

/** Waits for the sender's DCN; a repeated command is answered again. Without one the page has come all the same. */
async function disconnected(line: FaxLine, good: boolean): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const heard = await line.next(T2_MS);
    if (!heard || (heard.kind === 'frame' && heard.frame.command === 'DCN')) return;
    if (heard.kind === 'frame') await line.sendFrames([[good ? 'MCF' : 'RTN']], false);
  }
}
