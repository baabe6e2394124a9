/* The setup page, made from src/setup/page by `npm run build:page`: do not edit it here. */

/** The document, gzip (RFC 1952) in base64. */
export const pageGzip =
	"H4sIAAAAAAAC/2WRwW7CMAyG730KL6ci0VbcJkj6ALvswF7AJKaJSJMocUEV4t2nAkPTdrL9/9ZnW5ZvJmqeE4Hl0feVXAJ4DIMSFMQiEJq+kiMxgraYC7ESEx+bd/EjBxxJibOjS4qZBegYmAIrcXGGrTJ0dpqae7F2wbFD3xSNntTmD0NHH3NTtKWRfnG8GyyDwXxa+tmxp35PDFOCOU4ZDhGzkd3DqKR34QSZvBJOxyDAZjoqYZBxu14AhWdP/SGa+TpiHlzYbjKNN9k9jEp2z6OXlr6SIRadXeL+y7oCCQeCQGQKfOAZ93erhc9EARyDC4AhsqUMhxwvhXIruxehks9ETIWgcHaaxa6uV6q/mqinkQK3y9gWU6JgavHvTrHa3Vb1aie7F7N7Ltrdn/gNMBo4TNQBAAA=";

/** Its entity tag, with the quotes. */
export const pageEtag = '"7IaZBqu-FrwWZj0t"';

/** What its content policy must allow: its one script, and its one style. */
export const pageScriptHash = "sha256-VvNUSCLRCmTh2lyY3xoqWnzFXmyFd78zgoauPh2kIHI=";
export const pageStyleHash = "sha256-KVuM4/N5qjW1Z0EmIIYsRwnkTuKBT0at7ziCimq+YXE=";
