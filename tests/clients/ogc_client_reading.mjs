// Asks the service through @camptocamp/ogc-client, and prints what came.
// usage: node ogc_client_reading.mjs LIBRARY ROOT COLLECTION
import { pathToFileURL } from 'node:url';

const [library, root, collection] = process.argv.slice(2);
const { OgcApiEndpoint } = await import(pathToFileURL(library).href);
const endpoint = new OgcApiEndpoint(root);

const items = await endpoint.getCollectionItems(collection, 5, 2);
const { queryables, crs, itemFormats, bulkDownloadLinks, storageCrs } =
  await endpoint.getCollectionInfo(collection);
const address = await endpoint.getCollectionItemsUrl(collection, {
  limit: 3,
  offset: 1,
  asJson: true,
  outputCrs: 'EPSG:2154',
  extent: [650000, 6860000, 655000, 6865000],
  extentCrs: 'EPSG:2154',
  properties: ['numero'],
});
const answer = await fetch(address);

console.log(
  JSON.stringify({
    title: (await endpoint.info).title,
    conformance: await endpoint.conformanceClasses,
    features: await endpoint.hasFeatures,
    collections: await endpoint.featureCollections,
    queryables: queryables.map((each) => each.name),
    crs,
    storageCrs,
    itemFormats,
    bulkDownloadLinks,
    items,
    item: await endpoint.getCollectionItem(collection, String(items[0].id)),
    address,
    status: answer.status,
    answer: await answer.json(),
  })
);
