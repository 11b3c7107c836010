package dev.pollux.r2dbc.hrana;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** The body of a refusal. */
final class ErrorBody {

    private ErrorBody() {}

    /** Its text and code, or null if it is not one of the JSON objects that libSQL servers send. */
    static @Nullable String read(byte[] body) {
        String text = null;
        String code = null;
        try (JsonParser json = Json.parser(body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                JsonToken token = json.nextToken();
                if (token == JsonToken.VALUE_STRING && (name.equals("error") || name.equals("message"))) {
                    text = json.getString();
                } else if (token == JsonToken.VALUE_STRING && name.equals("code")) {
                    code = json.getString();
                } else {
                    json.skipChildren();
                }
            }
        } catch (JacksonException e) {
            // Plain text or HTML from something in between: the caller shows it as it is.
            return null;
        }
        return code == null || text == null ? text : code + ": " + text;
    }
}
