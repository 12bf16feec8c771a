// A PKCS#11 library in front of another one, whose calls a test makes fail: what stands in the file FAULTY_PKCS11_FAULTS names.
//   hang              C_Sign does not return while the word is there
//   no-sha1           the HSM has no CKM_SHA_1_HMAC
//   no-key-wrap       the HSM has no CKM_AES_KEY_WRAP_PAD
//   final-try         one wrong PIN more locks the slot
//   full              there is no room for one more unwrapped key, once
//   log-ins are counted: a line for each in the file with .log-ins behind its name
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define CK_PTR *
#define CK_DECLARE_FUNCTION(type, name) type name
#define CK_DECLARE_FUNCTION_POINTER(type, name) type(*name)
#define CK_CALLBACK_FUNCTION(type, name) type(*name)
#define NULL_PTR 0
#include <pkcs11/pkcs11.h>

static CK_FUNCTION_LIST_PTR real_functions;
static CK_FUNCTION_LIST functions;
static bool was_full;

static bool asked(const char *fault) {
  char text[256] = {0};
  FILE *file = fopen(getenv("FAULTY_PKCS11_FAULTS"), "r");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return length > 0 && strstr(text, fault) != NULL;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR size) {
  while (asked("hang")) usleep(5000);
  return real_functions->C_Sign(session, data, length, out, size);
}

static CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
  if (type == CKM_SHA_1_HMAC && asked("no-sha1")) return CKR_MECHANISM_INVALID;
  if (type == 0x210a && asked("no-key-wrap")) return CKR_MECHANISM_INVALID;
  return real_functions->C_GetMechanismInfo(slot, type, info);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV result = real_functions->C_GetTokenInfo(slot, info);
  if (result == CKR_OK && asked("final-try")) info->flags |= CKF_USER_PIN_FINAL_TRY;
  return result;
}

static CK_RV unwrap_key(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped,
                        CK_ULONG length, CK_ATTRIBUTE_PTR attributes, CK_ULONG count, CK_OBJECT_HANDLE_PTR result) {
  if (asked("full") && !was_full) {
    was_full = true;
    return CKR_DEVICE_MEMORY;
  }
  return real_functions->C_UnwrapKey(session, mechanism, key, wrapped, length, attributes, count, result);
}

static CK_RV log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  char name[4096];
  snprintf(name, sizeof name, "%s.log-ins", getenv("FAULTY_PKCS11_FAULTS"));
  FILE *file = fopen(name, "a");
  if (file) {
    fputs("C_Login\n", file);
    fclose(file);
  }
  return real_functions->C_Login(session, user, pin, length);
}

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (!real_functions) {
    void *library = dlopen(getenv("FAULTY_PKCS11_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    if (!library) return CKR_GENERAL_ERROR;
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
    CK_RV result = get ? get(&real_functions) : CKR_GENERAL_ERROR;
    if (result != CKR_OK) return result;
    functions = *real_functions;
    functions.C_Sign = sign;
    functions.C_GetMechanismInfo = mechanism_info;
    functions.C_GetTokenInfo = token_info;
    functions.C_UnwrapKey = unwrap_key;
    functions.C_Login = log_in;
  }
  *list = &functions;
  return CKR_OK;
}
