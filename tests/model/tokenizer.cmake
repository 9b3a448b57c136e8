# Tests of the tokenizer, of chat templates, and of the model against tests/golden.
retort_add_test(tokenizer_test
  SOURCES tokenizer_test.cc tokenizer_metadata_test.cc tokenize_lines_test.cc pre_tokenizer_test.cc bpe_test.cc token_texts_test.cc
  LIBS retort::model retort_test_support nlohmann_json::nlohmann_json)
retort_add_test(chat_template_test SOURCES chat_template_test.cc LIBS retort::model nlohmann_json::nlohmann_json)
retort_add_test(golden_test SOURCES golden_test.cc sparse_golden_test.cc
  LIBS retort::model nlohmann_json::nlohmann_json)
