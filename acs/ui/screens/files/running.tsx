// The devices that run the version of an image, counted for all images that are shown at once.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import type { StoredFile } from '../../api/administration/files.ts';
import { countFacets } from '../../api/devices.ts';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';

/** Product classes that are asked for, each by one call. */
const MOST = 12;
const TOP = 1000;

/** Undefined for what is no image. */
export function runningFilter({ type, version, productClass }: StoredFile): string | undefined {
  if (type !== 'firmware' || version === undefined) return undefined;
  const firmware = `firmware = ${quotedText(version)}`;
  return productClass === undefined ? firmware : `${firmware} and ${productFilter(productClass)}`;
}

const productFilter = (productClass: string): string => `productClass = ${quotedText(productClass)}`;

/** @returns the number of devices on a file; undefined where it is not known (yet) */
export function useRunning(files: readonly StoredFile[]): (file: StoredFile) => number | undefined {
  const images = files.filter(file => runningFilter(file) !== undefined);
  const products = [...new Set(images.map(({ productClass = '' }) => productClass))].slice(0, MOST);
  const counted = useResource(
    products.length === 0 ? undefined : JSON.stringify(products),
    async signal => {
      const counts = await Promise.all(
        products.map(async product => {
          const filter = product === '' ? undefined : productFilter(product);
          const { facets } = await countFacets({ filter, by: ['firmware'], top: TOP }, signal);
          return [product, new Map(facets.firmware?.values.map(({ value, count }) => [value, count]))] as const;
        }),
      );
      return new Map(counts);
    },
    { keeps: true },
  );
  return ({ version = '', productClass = '' }) => {
    const known = counted.value?.get(productClass);
    return known && (known.get(version) ?? 0);
  };
}

export const DeviceCount = ({
  filter,
  count,
  show,
}: {
  filter: string | undefined;
  count: number | undefined;
  show: (count: number) => string;
}): JSX.Element | null =>
  filter === undefined || count === undefined ? null : <a href={hrefOf('/devices', { q: filter })}>{show(count)}</a>;
