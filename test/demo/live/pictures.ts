// The pictures of the documentation: which page, how large, and what is done before.
import type { Page } from 'playwright-core';
import type { Api } from '../servers.ts';

export interface Picture {
  /** Of the file in docs/pictures. */
  name: string;
  /** Below /ui. */
  path: string | ((api: Api) => Promise<string>);
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
  before?: (page: Page) => Promise<void>;
}

/** The first gateway, or the first with a fault. */
const device =
  (tab: string, filter = 'productClass = "4102S"') =>
  async (api: Api): Promise<string> => {
    const { items } = await api('GET', `/devices?limit=1&fields=id&filter=${encodeURIComponent(filter)}`);
    const [first] = items as { id: string }[];
    return `/devices/${encodeURIComponent(first?.id ?? '')}/${tab}`;
  };

export const pictures: readonly Picture[] = [
  { name: 'overview', path: '/' },
  { name: 'devices', path: '/devices?q=productClass%20%3D%20%224102S%22' },
  { name: 'device', path: device('summary') },
  { name: 'rollout', path: '/rollouts/spring' },
];
