// Shows this API's own document. Nothing is asked of another host: no validator, no document of
// the address bar's choosing.
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  queryConfigEnabled: false,
  validatorUrl: null,
});
