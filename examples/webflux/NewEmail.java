package webflux;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** An email as a client asks for it. Nothing is known about it yet. */
record NewEmail(
        @Nullable String to,
        @Nullable String subject,
        @Nullable String text) {

    /** The email to send; what is wrong with the request is a 400 that says so. */
    Email checked() {
        if (to == null || !to.matches("[^@\\s]+@[^@\\s]+")) {
            throw new ResponseStatusException(
                    HttpStatus.BAD_REQUEST, "'to' must be an address, as in user@example.com");
        }
        if (subject == null || subject.isBlank()) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "'subject' must not be empty");
        }
        return new Email(to, subject, text == null ? "" : text);
    }
}
