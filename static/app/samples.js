// The apps that come with the program: what a person may begin with. Their slugs are the names of the server's samples.
// Not here: what is in them, which the server knows.
import { post } from './api.js';
import { FROM_FILE } from './handover.js';
import { appHref } from './meta.js';

/** The first one is chosen for those who do not want to choose. */
export const SAMPLES = [
  { slug: 'crm', sign: 'person' },
  { slug: 'inventory', sign: 'tag' },
  { slug: 'projects', sign: 'tick' },
  { slug: 'events', sign: 'date' },
  { slug: 'my-app', sign: 'table' },
];

/** Makes the app of a sample, and gives the address to go on at. One that is there already is as good. */
export async function makeSample(slug) {
  if (slug === FROM_FILE.slug) return '/_/apps/import';
  try {
    await post(`/api/workspaces/default/samples/${slug}`);
  } catch (fault) {
    if (fault.kind !== 'there') throw fault;
  }
  return appHref(slug);
}
