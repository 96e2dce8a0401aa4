/**
 * Google Cloud regions and the Electricity Maps zones they draw from, by the locations in Google's list of regions
 * (cloud.google.com/about/locations); where a place has several grids, the one whose intensity is nearest to Google's own
 * figures (github.com/GoogleCloudPlatform/region-carbon-info).
 */
export const GOOGLE_ZONES = {
  'us-central1': 'US-MIDW-MISO', // Council Bluffs, Iowa
  'us-east1': 'US-CAR-SC', // Moncks Corner, South Carolina
  'us-east4': 'US-MIDA-PJM', // Ashburn, Virginia
  'us-east5': 'US-MIDA-PJM', // Columbus, Ohio
  'us-south1': 'US-TEX-ERCO', // Dallas
  'us-west1': 'US-NW-BPAT', // The Dalles, Oregon
  'us-west2': 'US-CAL-CISO', // Los Angeles
  'us-west3': 'US-NW-PACE', // Salt Lake City
  'us-west4': 'US-NW-NEVP', // Las Vegas
  'northamerica-northeast1': 'CA-QC', // Montreal
  'northamerica-northeast2': 'CA-ON', // Toronto
  'northamerica-south1': 'MX', // Queretaro
  'southamerica-east1': 'BR-CS', // Sao Paulo
  'southamerica-west1': 'CL-SEN', // Santiago

  'europe-central2': 'PL', // Warsaw
  'europe-north1': 'FI', // Hamina
  'europe-north2': 'SE-SE3', // Stockholm
  'europe-southwest1': 'ES', // Madrid
  'europe-west1': 'BE', // St. Ghislain
  'europe-west2': 'GB', // London
  'europe-west3': 'DE', // Frankfurt
  'europe-west4': 'NL', // Eemshaven
  'europe-west6': 'CH', // Zurich
  'europe-west8': 'IT-NO', // Milan
  'europe-west9': 'FR', // Paris
  'europe-west10': 'DE', // Berlin
  'europe-west12': 'IT-NO', // Turin

  'africa-south1': 'ZA', // Johannesburg
  'me-central1': 'QA', // Doha
  'me-central2': 'SA', // Dammam
  'me-west1': 'IL', // Tel Aviv

  'asia-east1': 'TW', // Changhua County
  'asia-east2': 'HK',
  'asia-northeast1': 'JP-TK', // Tokyo
  'asia-northeast2': 'JP-KN', // Osaka
  'asia-northeast3': 'KR', // Seoul
  'asia-south1': 'IN-WE', // Mumbai
  'asia-south2': 'IN-NO', // Delhi
  'asia-southeast1': 'SG',
  'asia-southeast2': 'ID', // Jakarta
  'asia-southeast3': 'TH', // Bangkok
  'australia-southeast1': 'AU-NSW', // Sydney
  'australia-southeast2': 'AU-VIC', // Melbourne
} as const satisfies Readonly<Record<string, string>>;
