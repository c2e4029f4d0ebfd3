import type { Stride } from '../../model/knowledge.ts';

/** Words that tell what kind of threat a sentence speaks of, for threats that say it in no other way. */
const WORDS: readonly (readonly [Stride, RegExp])[] = [
  [
    'repudiation',
    /\b(?:den(?:y|ies|ying)\b(?!\s+(?:service|access))|disput\w+|repudiat\w+|claim(?:s|ed)? (?:they|he|she) did not|(?:go(?:es)?|remains?|stays?) (?:unnoticed|undetected)|non-?repudiation|lack of (?:knowledge|proof|evidence))/i,
  ],
  [
    'spoofing',
    /\b(?:spoof\w*|impersonat\w+|masquerad\w+|phish\w*|stolen (?:credential|session|token|role)s?|without (?:any )?authenticat\w+|unauthenticated|other than [^.]{0,40}\bauthentication|authenticates? as (?:an?|the) \w+|credential stuffing|brute[- ]?forc\w+|fake|forg(?:e|ed|ing)|hijack\w*)/i,
  ],
  [
    'tampering',
    /\b(?:tamper\w*|modif(?:y|ies|ied|ying|ication)|alter(?:s|ed|ing)?\b|inject\w*|corrupt\w*|xss\b|cross[- ]site|arbitrary (?:\w+ )?requests?|unexpected (?:\w+ ){0,3}(?:headers?|payloads?|input)|overwrit\w+|manipulat\w+|poison\w*|malicious (?:code|package|image|update|file)|integrity)/i,
  ],
  [
    'information-disclosure',
    /\b(?:disclos\w+|exfiltrat\w+|leak\w*|expos(?:e|es|ed|ure|ing)\b|eavesdrop\w*|intercept\w*|sniff\w*|(?:read|steal|access|view|obtain|copy|download)s?\b[^.]{0,40}\b(?:data|information|secrets?|credentials?|keys?|documents?|records?|files?)|confidentiality|unauthori[sz]ed (?:read|access))/i,
  ],
  [
    'denial-of-service',
    /\b(?:denial of (?:service|wallet)|dos\b|ddos\b|exhaust\w*|flood\w*|overload\w*|unavailab\w+|availability|ransom\w*|delet(?:e|es|ed|ing|ion)|destroy\w*|crash\w*)/i,
  ],
  [
    'elevation-of-privilege',
    /\b(?:elevat\w+|escalat\w+|privileges?\b|(?:unnecessary|excessive|too many) permissions|over-?privileged|gain(?:s|ed|ing)? (?:admin|root|control)|bypass\w*|unauthori[sz]ed (?:action|operation|function)s?|remote code execution|arbitrary code)/i,
  ],
];

/** The kinds that a text speaks of, with the words that say so. */
export function strideOfWords(text: string): { readonly stride: Stride; readonly word: string }[] {
  const head = text.slice(0, 2000);
  return WORDS.flatMap(([stride, pattern]) => {
    const word = pattern.exec(head)?.[0];
    return word === undefined ? [] : [{ stride, word }];
  });
}
