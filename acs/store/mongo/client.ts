// The MongoDB client of a URL, with the options that the promises of the store depend on.
import { MongoClient, MongoError, MongoParseError } from 'mongodb';
import { withoutTexts } from '../../../shared/model/secret-names.ts';
import { UserError } from '../../errors.ts';

/** The options here override those of the URL: the promises of the store depend on them. */
export function clientOf(url: string): { client: MongoClient; where: string; secrets: string[] } {
  const secrets = secretsOf(url);
  try {
    const client = new MongoClient(url, {
      appName: 'tandem',
      // A heartbeat of the driver that is not answered in time breaks the connections of a silent network: so all fails within two seconds.
      connectTimeoutMS: 1500,
      heartbeatFrequencyMS: 500,
      serverSelectionTimeoutMS: 1500,
      waitQueueTimeoutMS: 10_000,
      // For a server that vanished silently; a search in an order without an index may take a while.
      socketTimeoutMS: 20_000,
      // The retry of this module covers all requests, on servers without sessions too.
      retryReads: false,
      retryWrites: false,
      readPreference: 'primary',
      // No failover takes back a document that the majority holds: so every read shows only acknowledged writes, or those that could be.
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
      ignoreUndefined: true,
    });
    const { hosts, srvHost } = client.options;
    return { client, where: srvHost ?? hosts.map(String).join(','), secrets };
  } catch (error) {
    if (!(error instanceof MongoParseError || error instanceof MongoError || error instanceof TypeError)) throw error;
    throw new UserError(
      503,
      'store-unavailable',
      `the URL of the MongoDB cannot be used: ${withoutTexts(error.message, secrets)}`,
    );
  }
}

/** The secrets in a URL: its password, and those among its options, as written and decoded. */
function secretsOf(url: string): string[] {
  const found = [
    /^[^:]+:\/\/[^:@/]*:([^@/]*)@/.exec(url)?.[1],
    ...[...url.matchAll(/[?&]\w*(?:password|properties)=([^&]*)/gi)].map(option => option[1]),
  ];
  return found.flatMap(secret => (secret ? [secret, decoded(secret)] : []));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It is not percent-encoded as it should be, so it is taken literally.
    return text;
  }
}

/** The database in the path of the URL, else `tandem`. */
export function databaseOf(url: string): string {
  const name = /^[^:]+:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1];
  return name ? decoded(name) : 'tandem';
}
