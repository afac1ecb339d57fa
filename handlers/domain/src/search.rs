//! Finding the handful of tools that fit a sentence, in English and Korean.
